import { isIP } from 'node:net';
import { checkServerIdentity, connect, type DetailedPeerCertificate } from 'node:tls';
import type { Finding } from './finding.ts';

const PATIENCE_MS = 10_000;
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

/** Looks at the certificate that a server shows: its time, its name, and the chain to an authority of this machine. */
export async function checkCertificate(url: URL, now: number): Promise<Finding> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({
    host,
    port: Number(url.port || 443),
    ...(isIP(host) === 0 && { servername: host }),
    timeout: PATIENCE_MS,
    // What is wrong with it is to be told, not only that.
    rejectUnauthorized: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('secureConnect', () => resolve());
  socket.once('error', reject);
  socket.once('timeout', () => reject(new Error('no answer')));
  try {
    await promise;
    const leaf = socket.getPeerCertificate(true);
    const code = socket.authorized ? undefined : String(socket.authorizationError);
    return judge(host, leaf, code, now);
  } catch (error) {
    return problem(
      `there is no TLS at ${url.host}: ${(error as Error).message}`,
      'the proxy must listen there with TLS',
    );
  } finally {
    socket.destroy();
  }
}

function judge(host: string, leaf: DetailedPeerCertificate, code: string | undefined, now: number): Finding {
  const expires = Date.parse(leaf.valid_to);
  const day = new Date(expires).toISOString().slice(0, 10);
  if (expires < now) return problem(`it expired on ${day}`, 'renew it, and reload the proxy');
  if (Date.parse(leaf.valid_from) > now)
    return problem(`it is valid from ${leaf.valid_from} only`, 'compare the clocks');
  const wrongName = checkServerIdentity(host, leaf);
  if (wrongName !== undefined) {
    return problem(
      `it is for ${leaf.subjectaltname ?? nameOf(leaf.subject)}, not for ${host}`,
      'get one that names this host',
    );
  }
  if (code !== undefined) return untrusted(leaf, code);
  const days = Math.floor((expires - now) / DAY_MS);
  const detail = `for ${host}, by ${nameOf(leaf.issuer)}, until ${day}`;
  if (days >= SOON_DAYS) return { check: 'certificate', status: 'ok', detail };
  return {
    check: 'certificate',
    status: 'note',
    detail: `${detail}, which is in ${days} days`,
    hint: 'renew it',
  };
}

function untrusted(leaf: DetailedPeerCertificate, code: string): Finding {
  const isAlone = !leaf.issuerCertificate || leaf.issuerCertificate === leaf;
  const isSelfSigned = nameOf(leaf.issuer) === nameOf(leaf.subject);
  if (isSelfSigned) {
    return problem(
      `it is signed by itself (${code})`,
      'get one of an authority, or give the certificate to every client',
    );
  }
  if (isAlone && code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE') {
    return problem(
      `the chain ends after it: "${nameOf(leaf.issuer)}", which signed it, is neither sent nor known here`,
      'put the certificates of the authorities between behind that of the server, in the file of ssl_certificate; an authority of your own: ca-file',
    );
  }
  return problem(
    `this machine does not trust the authority at the end of its chain (${code})`,
    'add that authority to the store of the system, or name its PEM file with the setting ca-file',
  );
}

function nameOf(subject: DetailedPeerCertificate['subject'] | undefined): string {
  const name = subject?.CN ?? subject?.O ?? 'nobody';
  return String(name).replace(/[\p{C}"]+/gu, ' ');
}

function problem(detail: string, hint: string): Finding {
  return { check: 'certificate', status: 'problem', detail, hint };
}
