import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { listenFailure } from './listen-failure.ts';

const failure = (code: string) => Object.assign(new Error(`listen ${code}: something 0.0.0.0:80`), { code });

test.each([
  ['EADDRINUSE', 'kernel.address-in-use', 'choose another port'],
  ['EACCES', 'kernel.port-not-allowed', 'CAP_NET_BIND_SERVICE'],
  ['ENOTFOUND', 'kernel.host-not-here', '--host'],
])('%s has the hint that helps', (code, kind, hint) => {
  const error = listenFailure(failure(code), '0.0.0.0', 80);

  expect(error.kind.code).toBe(kind);
  expect(error.message).toMatch(/^cannot listen on 0\.0\.0\.0:80: /);
  expect(error.hint).toContain(hint);
});

test('an address of another machine is told from one that is taken', async () => {
  const [error] = await once(createServer().listen(0, '192.0.2.1'), 'error').catch((thrown: unknown) => [
    thrown,
  ]);

  expect(listenFailure(error, '192.0.2.1', 0).kind.code).toBe('kernel.host-not-here');
});
