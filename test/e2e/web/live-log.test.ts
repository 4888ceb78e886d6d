import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createAuthorize, definePolicy, everyone, type AnySubject } from '#accounts';
import { readConfig } from '#kernel/config/read-config.ts';
import type { Part } from '#kernel/part.ts';
import { startBrowser } from '#test/browser.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { liveLog, logLines } from '#web/components/log.ts';
import { html } from '#web/html.ts';
import type { WebContext } from '#web/serving/context.ts';
import { page, type PageOperation } from '#web/serving/routes.ts';
import { parts, settingsOf } from '../../../src/parts.ts';
import { startServer } from '../../../src/wiring.ts';

const shared = { audience: 'browser', method: 'GET', permission: 'logs.read', subject: 'server' } as const;
const operations = {
  showLog: { ...shared, path: '/+log', summary: 'A log that grows.' },
  followLog: { ...shared, path: '/+log/stream', summary: 'Its lines as they come.' },
} as const satisfies Record<string, PageOperation>;

const policy = definePolicy<'logs.read', AnySubject>({
  'logs.read': { rule: everyone, refuse: () => 'nobody is refused' },
});

/** A log as builds and deployments will have it. */
class GrowingLog {
  readonly lines: string[] = [];
  readonly asked: number[] = [];
  hasEnded = false;
  #breaks = 0;

  add(...lines: readonly string[]): void {
    this.lines.push(...lines);
  }

  /** Ends the connections that are open now, as a proxy does. */
  breakConnections(): void {
    this.#breaks += 1;
  }

  async *follow(after: number, signal: AbortSignal) {
    this.asked.push(after);
    const breaks = this.#breaks;
    let last = after;
    while (!signal.aborted) {
      if (breaks !== this.#breaks) throw new Error('the line is cut');
      if (last < this.lines.length) {
        const some = this.lines.slice(last);
        yield { id: String(last + some.length), html: logLines(some, last + 1) };
        last += some.length;
      } else if (this.hasEnded) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function logsPart(log: GrowingLog): Part {
  return {
    name: 'logs',
    settings: [],
    errors: {},
    events: {},
    operations,
    policy,
    load: async () => ({
      migrations: [],
      async open(context) {
        return {
          authorize: createAuthorize(context, policy, { server: async () => ({}) }),
          declareRoutes(app) {
            const web = context as WebContext;
            page(app, web, operations.showLog, async () => ({
              title: ['Log'],
              body: html`<h1>Log</h1>
                ${liveLog({ label: 'Log', lines: log.lines, stream: '/+log/stream' })}`,
            }));
            page(app, web, operations.followLog, async ({ headers, query }) => {
              const after = headers['last-event-id'] ?? (query as Record<string, string>)['after'];
              return { stream: (signal) => log.follow(Number(after), signal) };
            });
          },
        };
      },
    }),
  };
}

test('a log grows, stays where its reader is, resumes without a gap, and ends', async () => {
  const directory = await makeTemporaryDirectory();
  onTestFinished(() => directory[Symbol.asyncDispose]());
  const log = new GrowingLog();
  log.add(...Array.from({ length: 2000 }, (_, at) => `line ${at + 1} <b>& \u001b`));
  const all = [...parts, logsPart(log)];
  const config = readConfig(settingsOf(all), {
    flags: { serverdir: directory.path, port: 0, host: '127.0.0.1', offline: true },
    environment: {},
  });
  const server = await startServer(config, pino({ level: 'silent' }), { parts: all });
  onTestFinished(() => server.close());
  const browser = await startBrowser();
  onTestFinished(() => browser[Symbol.asyncDispose]());
  const tab = await browser.tab(server.url);
  const region = tab.page.locator('.log');
  const fromEnd = async () =>
    await region.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
  const hasLine = async (number: number) =>
    await vi.waitFor(async () => expect(await tab.page.locator(`#L${number}`).count()).toBe(1), {
      timeout: 15_000,
    });

  await tab.page.goto('/+log#L184');
  expect(await tab.page.locator('#L184').isVisible()).toBe(true);
  await tab.expectClean();

  // At the end it follows.
  await region.evaluate((element) => (element.scrollTop = element.scrollHeight));
  log.add('line 2001', 'line 2002');
  await hasLine(2002);
  await vi.waitFor(async () => expect(await fromEnd()).toBeLessThan(40));

  // Who scrolled up stays.
  await region.evaluate((element) => (element.scrollTop = 100));
  log.add(...Array.from({ length: 100 }, (_, at) => `line ${2003 + at}`));
  await hasLine(2102);
  expect(await region.evaluate((element) => element.scrollTop)).toBe(100);

  // A lost connection leaves no gap and repeats nothing; an end is an end.
  log.breakConnections();
  log.add('line 2103');
  await hasLine(2103);
  expect(log.asked).toEqual([2000, 2102]);
  log.hasEnded = true;
  log.add('line 2104');
  await hasLine(2104);
  await tab.page.waitForTimeout(4000);
  expect(log.asked).toHaveLength(2);
  expect(await tab.page.locator('.log-block a').count()).toBe(2104);
  expect(await tab.page.locator('.log b').count()).toBe(0);
});

test('a server that stops ends its streams at once', async () => {
  const directory = await makeTemporaryDirectory();
  onTestFinished(() => directory[Symbol.asyncDispose]());
  const log = new GrowingLog();
  const all = [...parts, logsPart(log)];
  const config = readConfig(settingsOf(all), {
    flags: { serverdir: directory.path, port: 0, host: '127.0.0.1', offline: true },
    environment: {},
  });
  const server = await startServer(config, pino({ level: 'silent' }), { parts: all });
  const headers = { accept: 'text/event-stream' };
  const response = await fetch(`${server.url}/+log/stream?after=0`, { headers });
  const reader = response.body!.getReader();
  await reader.read();

  const began = performance.now();
  await server.close();

  expect(performance.now() - began).toBeLessThan(5000);
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  await expect(reader.read().then(async (last) => last.done || (await reader.read()).done)).resolves.toBe(
    true,
  );
});
