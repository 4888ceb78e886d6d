import { environment } from '../config/environment.ts';
import { environmentName } from '../config/setting.ts';
import { useProxies } from './use-proxies.ts';

/** A server that could not be reached, and why, in a sentence. */
export class Unreachable extends Error {
  /** What Node calls it, such as `ECONNREFUSED`. */
  readonly code: string | undefined;
  /** What can be done about it. */
  readonly hint: string | undefined;

  constructor(
    sentence: string,
    about: { readonly code?: string; readonly hint?: string; readonly cause?: unknown },
  ) {
    super(sentence, { cause: about.cause });
    this.name = 'Unreachable';
    this.code = about.code;
    this.hint = about.hint;
  }
}

/**
 * `fetch` for commands: trusts what a server trusts (`trust.ts`, with the `ca-file` that the environment names), goes through
 * the proxies that the environment names, and throws `Unreachable` with an honest sentence when there is no answer.
 */
export async function trustedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const { host, protocol } = new URL(url);
  // Reading the certificates takes a tenth of a second: not for http.
  if (protocol === 'https:')
    (await import('./trust.ts')).trustAuthorities(environment[environmentName('ca-file')] || undefined);
  useProxies();
  try {
    return await fetch(url, init);
  } catch (cause) {
    const { code, message } = ((cause as Error).cause ?? cause) as {
      readonly code?: string;
      message: string;
    };
    const { describeCertificateFailure, isCertificateFailure, TRUST_HINT } =
      await import('./certificate-failure.ts');
    if (typeof code === 'string' && isCertificateFailure(code)) {
      const sentence = await describeCertificateFailure(new URL(url), code);
      throw new Unreachable(sentence, { code, hint: TRUST_HINT, cause });
    }
    const about = typeof code === 'string' ? { code } : {};
    throw new Unreachable(`cannot reach ${host} (${about.code ?? message})`, { ...about, cause });
  }
}
