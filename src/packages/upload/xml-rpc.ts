import type { FastifyRequest } from 'fastify';

/** True for a call of XML-RPC, as `pip search` sends it to an index. */
export function isXmlRpc({ headers }: FastifyRequest): boolean {
  return /^(?:text|application)\/xml\b/i.test(headers['content-type'] ?? '');
}
