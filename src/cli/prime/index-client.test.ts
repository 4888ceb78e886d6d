import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, test } from 'vitest';
import { download, fetchPage } from './index-client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const bytes = Buffer.alloc(300_000, 'wheel');
const sha256 = createHash('sha256').update(bytes).digest('hex');

/** A server that gives one answer after the other, the last one again and again. */
async function serve(...answers: Answer[]) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    (answers[seen.length - 1] ?? answers.at(-1))?.(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const whole: Answer = (_request, response) => response.end(bytes);
const refusal =
  (status: number, problem: object): Answer =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
const cut: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, 100_000), () => response.destroy());
};
const rest: Answer = ({ headers }, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]);
  response.writeHead(206).end(bytes.subarray(from));
};

async function receive(url: string, expected: Parameters<typeof download>[1]) {
  const chunks: Uint8Array[] = [];
  const digest = await download(url, expected, (chunk) => void chunks.push(chunk));
  return { ...digest, isWhole: Buffer.concat(chunks).equals(bytes) };
}

const known = { sha256: [sha256], size: bytes.length };
const right = { sha256, size: bytes.length, isWhole: true };

describe('download', () => {
  test.each<[says: string, answers: Answer[], requests: number]>([
    ['a good answer', [whole], 1],
    ['a good answer after a failure', [refusal(502, {}), whole], 2],
    ['the rest after a cut', [cut, rest], 2],
    ['everything again where the server has no ranges', [cut, whole], 2],
  ])('takes %s', async (_says, answers, requests) => {
    await using server = await serve(...answers);

    expect(await receive(server.url, known)).toEqual(right);
    expect(server.seen).toHaveLength(requests);
  });

  test.each<[says: string, answer: Answer, expected: Parameters<typeof download>[1], message: string]>([
    ['other bytes', whole, { ...known, sha256: ['e'.repeat(64)] }, `has the sha256 ${sha256}, not eee`],
    [
      'bytes that a lock does not allow',
      whole,
      { ...known, sha256: ['e', 'f'] },
      'which the lock file does not allow',
    ],
    ['more bytes', whole, { ...known, size: 10 }, 'is longer than 10 bytes'],
    ['a plain no', refusal(404, { detail: 'no such file' }), known, '404 no such file'],
    [
      'a server off line',
      refusal(503, { detail: 'offline: x', code: 'packages.not-cached-offline' }),
      known,
      '503 offline: x',
    ],
    [
      'a cut without a hash to check what comes next',
      cut,
      { sha256: [], size: undefined },
      'the connection broke',
    ],
  ])('gives up on %s', async (_says, answer, expected, message) => {
    await using server = await serve(answer);

    await expect(receive(server.url, expected)).rejects.toThrow(message);
  });

  it('says that nobody answers', async () => {
    const server = await serve(whole);
    await server[Symbol.asyncDispose]();

    const { host } = new URL(server.url);
    await expect(receive(server.url, known)).rejects.toThrow(`cannot reach ${host} (ECONNREFUSED)`);
  });
});

describe('pages', () => {
  it('are kept byte for byte, their links absolute', async () => {
    const body = JSON.stringify({
      files: [
        {
          filename: 'a',
          url: '../../+f/a#x',
          hashes: { sha256: 'AB' },
          size: 3,
          'core-metadata': { sha256: 'CD' },
        },
        { filename: 'b', url: 'http://other/b', hashes: {}, 'core-metadata': true },
        { filename: 'c', url: 'c', hashes: {}, 'core-metadata': null, yanked: false },
      ],
    });
    await using server = await serve((_request, response) => response.end(body));

    const page = await fetchPage(`${server.url}/root/pypi`, 'demo');

    expect(page.body.toString()).toBe(body);
    expect(page.files).toEqual([
      { filename: 'a', url: `${server.url}/root/pypi/+f/a`, sha256: 'ab', size: 3, metadata: 'cd' },
      { filename: 'b', url: 'http://other/b', sha256: undefined, size: undefined, metadata: true },
      {
        filename: 'c',
        url: `${server.url}/root/pypi/+simple/demo/c`,
        sha256: undefined,
        size: undefined,
        metadata: undefined,
      },
    ]);
  });

  it('are refused in another form', async () => {
    await using server = await serve((_request, response) => response.end('<html>'));

    await expect(fetchPage(server.url, 'demo')).rejects.toThrow('the answer is no page of the simple API');
  });
});
