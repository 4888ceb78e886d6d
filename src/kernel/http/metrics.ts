import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What the server counts, in the text form of Prometheus. One registry a server, none shared. */
export interface Metrics {
  readonly registry: Registry;
  /** `route` is a pattern such as `/:user/:index`, never a path, so that the number of series is bounded. */
  countRequest(method: string, route: string, status: number, seconds: number): void;
  /** A number that is read when Prometheus asks. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  counter(name: string, help: string, read: () => number): void;
  /** One number for each set of labels, of which there are few; one that is missing is no longer reported. */
  labelledGauge<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[],
    read: () => Promise<readonly LabelledNumber<Label>[]>,
  ): void;
}

export interface LabelledNumber<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'wheelhouse_' });
  const durations = new Histogram({
    name: 'wheelhouse_http_request_seconds',
    help: 'Time to answer a request, by method, route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  });
  return {
    registry,
    countRequest: (method, route, status, seconds) =>
      durations.observe({ method, route, status: String(status) }, seconds),
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({
        name: `wheelhouse_${name}`,
        help,
        registers: [registry],
        collect: async () => gauge.set(await read()),
      });
    },
    counter(name, help, read) {
      let reported = 0;
      const counter: Counter = new Counter({
        name: `wheelhouse_${name}`,
        help,
        registers: [registry],
        collect() {
          const value = read();
          counter.inc(value - reported);
          reported = value;
        },
      });
    },
    labelledGauge(name, help, labels, read) {
      const gauge: Gauge = new Gauge({
        name: `wheelhouse_${name}`,
        help,
        labelNames: labels,
        registers: [registry],
        async collect() {
          const numbers = await read();
          gauge.reset();
          for (const each of numbers) gauge.set(each.labels, each.value);
        },
      });
    },
  };
}
