import { lookup } from 'node:dns/promises';
import { ask, describeOther, isOurs, type Question, type Reply } from './ask.ts';
import { checkCertificate } from './check-certificate.ts';
import type { Finding } from './finding.ts';

const MIB = 1024 ** 2;

export interface OutsideOptions {
  /** The largest body that must come through. */
  readonly uploadMebibytes: number;
  /** Where http is asked for its redirect to https. */
  readonly httpPort?: number;
  readonly onFinding: (finding: Finding) => void;
}

/**
 * Looks at a server as its clients see it, without credentials, one thing after the other: name, certificate, redirect, the
 * address that it gives itself, and what proxies do to headers, methods, paths, compression and large bodies. Nothing is
 * changed there. What cannot be asked because of an earlier problem is left out.
 */
export async function lookFromOutside(base: string, options: OutsideOptions): Promise<Finding[]> {
  const url = new URL(base);
  const found: Finding[] = [];
  const tell = (finding: Finding): boolean => {
    found.push(finding);
    options.onFinding(finding);
    return finding.status !== 'problem';
  };
  if (!tell(await checkName(url))) return found;
  if (url.protocol === 'https:') {
    tell(await checkCertificate(url, Date.now()));
    const httpPort = options.httpPort ?? (url.port === '' ? 80 : undefined);
    if (httpPort !== undefined) tell(await checkRedirect(url, httpPort));
  }
  const prefix = url.pathname.replace(/\/+$/, '');
  const send = (question: Question): Promise<Reply | string> =>
    ask(url, { ...question, path: `${prefix}${question.path}` }).catch(
      (error: unknown) => (error as Error).message,
    );
  const api = await send({ path: '/+api' });
  if (!tell(checkAddress(base, api)) && (typeof api === 'string' || !isOurs(api))) return found;
  tell(checkMethod(await send({ method: 'PUSH', path: '/no-such-user/no-such-index' })));
  tell(checkPath(await send({ path: '/+doctor%2Blooks' })));
  const page = await send({ path: '/+login', headers: { accept: 'text/html' } });
  const [asset] = (typeof page === 'string' ? '' : page.body).match(/\/\+static\/[^"]+\.(?:css|js)/) ?? [];
  if (asset !== undefined) {
    tell(
      checkCompression(await send({ path: asset, headers: { accept: '*/*', 'accept-encoding': 'gzip' } })),
    );
  }
  const bodyBytes = options.uploadMebibytes * MIB;
  const headers = { 'content-type': 'multipart/form-data; boundary=doctor' };
  const uploaded = await send({ method: 'POST', path: '/no-such-user/no-such-index/', headers, bodyBytes });
  tell(checkUpload(uploaded, options.uploadMebibytes));
  return found;
}

async function checkName({ hostname }: URL): Promise<Finding> {
  const host = hostname.replace(/^\[|\]$/g, '');
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    return { check: 'name', status: 'ok', detail: `${host} is ${addresses.join(', ')}` };
  } catch (error) {
    const detail = `${host} is not found: ${(error as Error).message}`;
    return { check: 'name', status: 'problem', detail, hint: 'look at the DNS' };
  }
}

async function checkRedirect(url: URL, port: number): Promise<Finding> {
  const plain = new URL(`http://${url.hostname}:${port}${url.pathname}`);
  let reply: Reply;
  try {
    reply = await ask(plain, { path: plain.pathname });
  } catch (error) {
    const detail = `nothing answers at ${plain.origin} (${(error as Error).message}); who types http gets nowhere`;
    return { check: 'redirect', status: 'note', detail };
  }
  const to = URL.parse(reply.headers.location ?? '', plain);
  const isRedirect = [301, 302, 307, 308].includes(reply.status);
  if (isRedirect && to?.protocol === 'https:' && to.hostname === url.hostname) {
    return { check: 'redirect', status: 'ok', detail: `${plain.origin} leads to ${to.origin}` };
  }
  const detail = isRedirect
    ? `${plain.origin} leads to ${to?.href ?? 'nowhere'}`
    : `${plain.origin} answers ${reply.status} itself, so passwords may go there unprotected`;
  return {
    check: 'redirect',
    status: 'problem',
    detail,
    hint: `let it answer with a redirect to ${url.origin}`,
  };
}

function checkAddress(base: string, reply: Reply | string): Finding {
  const check = 'address';
  if (typeof reply === 'string') {
    return { check, status: 'problem', detail: `no answer: ${reply}`, hint: 'see that proxy and server run' };
  }
  if (!isOurs(reply)) {
    const isApi = reply.body.includes('"apiconfig"');
    const detail = isApi
      ? 'the headers X-DEVPI-… do not come through'
      : `the server is not reached: ${describeOther(reply)}`;
    const hint = isApi
      ? 'a proxy removes them; devpi-client needs them'
      : 'compare the path with that of the proxy, and see that the server behind it runs';
    return { check: isApi ? 'headers' : check, status: 'problem', detail, hint };
  }
  const own = /"login": "(.+)\/\+login"/.exec(reply.body)?.[1];
  if (own === base) return { check, status: 'ok', detail: `the server calls itself ${base}` };
  const detail = `the server calls itself ${own ?? 'nothing'}, so clients go there instead of ${base}`;
  const hint = `let the proxy set X-Outside-Url to ${base}, or set outside-url to it`;
  return { check, status: 'problem', detail, hint };
}

function checkMethod(reply: Reply | string): Finding {
  return passed(
    reply,
    'methods',
    'PUSH comes through',
    'the method PUSH does not',
    'devpi push needs it: allow it in the proxy',
  );
}

function checkPath(reply: Reply | string): Finding {
  const came = passed(
    reply,
    'paths',
    '%2B in addresses comes through',
    '%2B in an address does not',
    'see the proxy',
  );
  if (came.status !== 'ok' || typeof reply === 'string' || reply.body.includes('+doctor+looks')) return came;
  const detail = 'a proxy changes %2B in addresses: versions such as 1.0+local are not found';
  const hint = 'with nginx, give proxy_pass no path, so that addresses are passed on as they came';
  return { check: 'paths', status: 'problem', detail, hint };
}

function checkCompression(reply: Reply | string): Finding {
  const check = 'compression';
  if (typeof reply === 'string') return { check, status: 'problem', detail: `no answer: ${reply}` };
  const coding = reply.headers['content-encoding'];
  if (coding !== undefined) return { check, status: 'ok', detail: `answers come with ${coding}` };
  const detail = 'answers come uncompressed';
  return { check, status: 'note', detail, hint: 'let the proxy pass on Accept-Encoding' };
}

function checkUpload(reply: Reply | string, mebibytes: number): Finding {
  const check = 'upload';
  if (typeof reply === 'string') {
    const detail = `the connection broke while ${mebibytes} MiB were sent: ${reply}`;
    return { check, status: 'problem', detail, hint: 'look at limits of time and size in the proxies' };
  }
  if (isOurs(reply) && reply.status !== 413) {
    return {
      check,
      status: 'ok',
      detail: `every proxy lets a body of ${mebibytes} MiB begin; the server itself looks at it after a login`,
    };
  }
  const hop = isOurs(reply) ? 'the server' : describeOther(reply);
  const hint = isOurs(reply)
    ? 'the setting packages.max-upload-bytes'
    : 'with nginx: client_max_body_size 0 in every server and location that passes requests on';
  return { check, status: 'problem', detail: `a body of ${mebibytes} MiB is refused: ${hop}`, hint };
}

function passed(
  reply: Reply | string,
  check: Finding['check'],
  good: string,
  bad: string,
  hint: string,
): Finding {
  if (typeof reply !== 'string' && isOurs(reply)) return { check, status: 'ok', detail: good };
  const why = typeof reply === 'string' ? reply : describeOther(reply);
  return { check, status: 'problem', detail: `${bad}: ${why}`, hint };
}
