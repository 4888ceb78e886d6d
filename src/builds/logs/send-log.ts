import type { FastifyReply } from 'fastify';
import type { BuildsContext } from '../context.ts';
import type { Build } from '../model/build.ts';
import { readLog } from './read-log.ts';

/** Answers with the log of a build from that character on, as text in which browsers find nothing to run. */
export async function sendLog(
  context: BuildsContext,
  reply: FastifyReply,
  { build, offset }: { readonly build: Build; readonly offset: number },
): Promise<void> {
  const text = await readLog(context, build);
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, no-cache',
  };
  await reply.headers(headers).send(text.slice(offset));
}
