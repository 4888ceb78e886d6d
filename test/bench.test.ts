import { expect, test } from 'vitest';
import { requestsPerCpuSecond, type LoadSample } from '../bench/support/load.ts';

const sample = (requests: number): LoadSample => ({
  requests,
  bytes: 0,
  seconds: 5,
  cpuSeconds: 4,
  p99Ms: 1,
});

test('a round that finished no request is published as no figure', () => {
  expect(requestsPerCpuSecond([sample(400), sample(800)])).toEqual({ values: [100, 200] });
  expect(requestsPerCpuSecond([sample(400), sample(0)])).toEqual({ unavailable: 'no answer in a round' });
});
