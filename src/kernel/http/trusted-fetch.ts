import { environment } from '../config/environment.ts';
import { environmentName } from '../config/setting.ts';

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
  await prepareFor(new URL(url));
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw await unreachable(new URL(url), (cause as Error).cause ?? cause, cause);
  }
}

/** Lets this process trust and go through what the environment names, as far as an address needs it. */
export async function prepareFor({ protocol }: URL): Promise<void> {
  // Reading the certificates takes a tenth of a second: not for http.
  if (protocol === 'https:')
    (await import('./trust.ts')).trustAuthorities(environment[environmentName('ca-file')] || undefined);
  const hasProxy = Object.entries(environment).some(([name, value]) => /_proxy$/i.test(name) && value);
  if (hasProxy) (await import('./use-proxies.ts')).useProxies();
}

/** What a connection that failed for `reason` is for a reader. */
export async function unreachable(url: URL, reason: unknown, cause: unknown): Promise<Unreachable> {
  const { code, message } = reason as { readonly code?: string; readonly message: string };
  const { describeCertificateFailure, isCertificateFailure, TRUST_HINT } =
    await import('./certificate-failure.ts');
  if (typeof code === 'string' && isCertificateFailure(code)) {
    const sentence = await describeCertificateFailure(url, code);
    return new Unreachable(sentence, { code, hint: TRUST_HINT, cause });
  }
  const about = typeof code === 'string' ? { code } : {};
  return new Unreachable(`cannot reach ${url.host} (${about.code ?? message})`, { ...about, cause });
}
