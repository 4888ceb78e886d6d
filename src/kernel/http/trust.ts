import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

/** What this process was told to trust last: the list is Node's, one for the process, and costs a tenth of a second. */
let applied: { readonly caFile: string | undefined } | undefined;

/**
 * Makes every TLS connection that this process opens from now on trust the authorities of the system's certificate
 * store, those of `NODE_EXTRA_CA_CERTS`, and those of `caFile`, a PEM bundle. `SSL_CERT_FILE` and `SSL_CERT_DIR` move
 * the store, as for every program with OpenSSL. Where a system has no store, the list that Node brings along stands in.
 * Throws `kernel.bad-configuration` if the bundle cannot be read.
 */
export function trustAuthorities(caFile: string | undefined): void {
  if (applied?.caFile === caFile && applied !== undefined) return;
  const added = caFile === undefined ? [] : readBundle(caFile);
  const system = getCACertificates('system');
  const store = system.length > 0 ? system : getCACertificates('bundled');
  setDefaultCACertificates([...new Set([...store, ...getCACertificates('extra'), ...added])]);
  applied = { caFile };
}

function readBundle(path: string): string[] {
  const bad = (why: string, cause?: unknown) =>
    new AppError(kernelErrors.badConfiguration, `ca-file: ${path} ${why}`, {
      hint: 'name a file of certificates in PEM form',
      cause,
    });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw bad(`cannot be read: ${(cause as Error).message}`, cause);
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw bad('has no certificate');
  return certificates;
}
