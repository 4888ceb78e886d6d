import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '#kernel/http/loopback.ts';

const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const FORWARDED = /^(?:forwarded|via|x-forwarded-.*|x-real-ip|x-outside-url|x-original-.*|cf-.*)$/;

/**
 * True if a request comes from this machine, asks for it by a name that no other host can have, and no proxy has passed it on: who
 * sends it could read the server's directory anyway.
 */
export function isLocal({
  headers,
  remoteAddress,
  outsideUrl,
  httpVersion,
}: {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
  /** Where the settings say that clients reach the server, or else the same host. */
  readonly outsideUrl: string;
  readonly httpVersion: string;
}): boolean {
  return (
    // Spoken by proxies alone, such as nginx without any configuration.
    httpVersion !== '1.0' &&
    LOCAL_HOST.test(new URL(outsideUrl).host) &&
    isLoopback(remoteAddress) &&
    LOCAL_HOST.test(headers.host ?? '') &&
    !Object.keys(headers).some((name) => FORWARDED.test(name))
  );
}
