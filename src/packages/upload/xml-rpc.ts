import type { FastifyReply, FastifyRequest } from 'fastify';

/** "Requested method not found", of the specification for fault codes that XML-RPC servers share. */
const METHOD_NOT_FOUND = -32_601;

const FAULT = `<?xml version="1.0"?>
<methodResponse><fault><value><struct>
<member><name>faultCode</name><value><int>${METHOD_NOT_FOUND}</int></value></member>
<member><name>faultString</name><value><string>this index has no XML-RPC methods: search and others are not available in this version</string></value></member>
</struct></value></fault></methodResponse>
`;

/** True for a call of XML-RPC, as `pip search` sends it to an index. */
export function isXmlRpc({ headers }: FastifyRequest): boolean {
  return /^(?:text|application)\/xml\b/i.test(headers['content-type'] ?? '');
}

/** Answers a call with a fault, which clients print. */
export async function sendFault(reply: FastifyReply): Promise<void> {
  await reply.code(200).header('content-type', 'text/xml').send(FAULT);
}
