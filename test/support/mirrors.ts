import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { testApp, type TestApp, type TestAppOptions, type TestIndex } from './app.ts';
import type { FixtureFile, FixtureIndex } from './fixture-index.ts';

export interface MirroredFile {
  readonly index: TestIndex;
  /** Its path on the server. */
  readonly path: string;
  readonly url: string;
  /** Its path upstream. */
  readonly there: string;
}

/** A new mirror of this upstream. */
export async function mirrorOf(
  app: TestApp,
  upstream: FixtureIndex,
  options: Readonly<Record<string, unknown>> = {},
): Promise<TestIndex> {
  return await app.index({ type: 'mirror', mirror_url: upstream.urlWithCredentials, ...options });
}

/** A new mirror of this upstream, which has a project `demo` with this file. */
export async function mirroredFile(
  app: TestApp,
  upstream: FixtureIndex,
  file: FixtureFile,
): Promise<MirroredFile> {
  upstream.set('demo', [file]);
  const index = await mirrorOf(app, upstream);
  const path = await app.filePath(index, file.filename);
  return { index, path, url: `${app.url}${path}`, there: upstream.filePath('demo', file.filename) };
}

/** The answer as soon as its head is there, on a connection of its own. */
export async function beginAnswer(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

/** What comes of an answer that may break off. */
export function receiveAnswer(response: IncomingMessage) {
  const chunks: Buffer[] = [];
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    begin();
  });
  response.on('close', () => end());
  return { begun, ended, bytes: () => Buffer.concat(chunks) };
}

/** A server that may ask the upstreams of its mirrors, whoever made them; a test makes its mirrors of fixture indexes, and asks no other. */
export async function mirrorApp(options: TestAppOptions): Promise<TestApp> {
  return await testApp({
    ...options,
    settings: { offline: false, 'packages.mirror-private-addresses': 'anyone', ...options.settings },
  });
}
