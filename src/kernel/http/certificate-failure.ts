import { isIP, type LookupFunction } from 'node:net';
import { connect } from 'node:tls';

const UNTRUSTED =
  /^(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_UNTRUSTED)$/;
const OTHERS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for other hosts',
};
const TIMEOUT_MS = 2000;
const MAX_NAME = 100;

/** What the operator can do about an unknown authority. */
export const TRUST_HINT =
  'add that authority to the certificate store of the system, or name a PEM file with it in the setting ca-file';

/** True if a connection failed with this code because of the certificate of the other side. */
export function isCertificateFailure(code: string | undefined): boolean {
  return code !== undefined && (UNTRUSTED.test(code) || Object.hasOwn(OTHERS, code));
}

/**
 * Says in a sentence what is wrong with the certificate that a server showed, given the code that the connection failed
 * with, and names the authority that is not trusted. Node does not tell that one, so the server is asked for its
 * certificate once more; nothing is sent to it. With `isDirect: false`, behind a proxy, that is left out.
 */
export async function describeCertificateFailure(
  { host, hostname, port }: URL,
  code: string,
  { isDirect = true, lookup }: { readonly isDirect?: boolean; readonly lookup?: LookupFunction } = {},
): Promise<string> {
  if (!UNTRUSTED.test(code)) return `the certificate of ${host} ${OTHERS[code] ?? 'is not right'} (${code})`;
  const issuer = isDirect ? await readIssuer(hostname, Number(port || 443), lookup) : undefined;
  const authority = issuer === undefined ? 'an authority' : `"${issuer}", an authority`;
  return `the certificate of ${host} comes from ${authority} that this machine does not trust (${code})`;
}

/** The name of the authority at the end of the chain that a server shows. */
async function readIssuer(
  hostname: string,
  port: number,
  lookup: LookupFunction | undefined,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({
    host,
    port,
    ...(isIP(host) === 0 && { servername: host }),
    ...(lookup !== undefined && { lookup }),
    timeout: TIMEOUT_MS,
    // The certificate is read to name its issuer, and the connection closed.
    rejectUnauthorized: false,
  });
  socket.once('secureConnect', () => {
    let certificate = socket.getPeerX509Certificate();
    while (certificate?.issuerCertificate !== undefined) certificate = certificate.issuerCertificate;
    resolve(certificate && nameOf(certificate.issuer));
  });
  for (const event of ['error', 'timeout', 'close']) socket.once(event, () => resolve(undefined));
  const issuer = await promise;
  socket.destroy();
  return issuer;
}

/** The common name of `O=Acme\nCN=Acme Root CA`, or its organization. */
function nameOf(subject: string): string | undefined {
  const name = /^CN=(.+)$/m.exec(subject)?.[1] ?? /^O=(.+)$/m.exec(subject)?.[1];
  return name?.replace(/[\p{C}"]+/gu, ' ').slice(0, MAX_NAME);
}
