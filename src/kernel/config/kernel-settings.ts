import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { isNetwork } from './network.ts';
import { Secret } from './secret.ts';
import { flag, oneOf, secret, text, wholeNumber, type ConfigOf, type Setting } from './setting.ts';

const port = wholeNumber(0, 65_535);
/** The URL may hold a password. */
const databaseUrl = z
  .string()
  .refine((value) => value === 'sqlite' || /^postgres(ql)?:\/\//.test(value), {
    error: 'must be "sqlite" or a postgres:// URL',
  })
  .transform((value) => (value === 'sqlite' ? value : new Secret(value)));
/** The URL may hold a password. */
const proxyUrl = z
  .string({ error: 'must be an http:// or https:// URL' })
  .transform((value) => (/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`))
  .refine((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''), {
    error: 'must be an http:// or https:// URL',
  })
  .transform((value) => new Secret(value));
const roles = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((role) => role.trim()) : value),
  z.array(oneOf('web', 'jobs')).min(1, { error: 'must name a role' }),
);
const networks = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').flatMap((entry) => entry.trim() || []) : value),
  z.array(z.string().refine(isNetwork), {
    error: 'must be a list of IP addresses and networks, such as 10.0.0.0/8',
  }),
);

const location = { error: 'must be a path of letters, digits and `._+-` with a slash at both ends' };

/** Where a server keeps everything unless it is told another place. */
export const DEFAULT_SERVERDIR = join(homedir(), '.wheelhouse');

/** The settings of the program itself; parts declare theirs. */
export const kernelSettings = [
  {
    name: 'serverdir',
    type: text,
    default: DEFAULT_SERVERDIR,
    shownDefault: '~/.wheelhouse',
    sentence: 'Directory of the embedded database, the stored files and `wheelhouse.yml`.',
  },
  {
    name: 'files-directory',
    type: text.optional(),
    default: undefined,
    shownDefault: '`files` in the server directory',
    sentence: 'Directory of the stored files; servers that share a database share it, too.',
  },
  {
    name: 'host',
    type: text,
    default: 'localhost',
    sentence: 'Address to listen on; `0.0.0.0` serves every interface.',
  },
  {
    name: 'port',
    type: port,
    default: 3141,
    sentence: 'Port to listen on; 0 lets the system choose.',
  },
  {
    name: 'database',
    type: databaseUrl,
    default: 'sqlite',
    isSecret: true,
    sentence: '`sqlite` for the embedded database, or a `postgres://` URL to scale out.',
  },
  {
    name: 'upgrade-copies',
    type: wholeNumber(0, 1000),
    default: 2,
    sentence:
      'How many copies of the SQLite database, made before upgrades migrated it, are kept in `upgrades` of the server directory.',
  },
  {
    name: 'outside-url',
    type: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).optional(),
    default: undefined,
    sentence: 'The URL under which clients reach the server when a proxy stands in front.',
  },
  {
    name: 'roles',
    type: roles,
    default: ['web', 'jobs'],
    sentence: 'What this process does: `web` answers requests, `jobs` runs background jobs.',
  },
  {
    name: 'allow-empty-root-password',
    type: flag,
    default: false,
    sentence:
      'Serve on a non-loopback address although the root user has no password, and take the empty one from other machines.',
  },
  {
    name: 'offline',
    type: flag,
    default: false,
    sentence: 'Never ask an upstream index: serve what is cached and say what is not.',
  },
  {
    name: 'replica-of',
    type: z
      .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
      .refine((value) => URL.parse(value)?.username === '', { error: 'must be a URL without a password' })
      .optional(),
    default: undefined,
    sentence: 'The primary of which this server is a replica.',
  },
  {
    name: 'replica-token',
    type: secret.optional(),
    default: undefined,
    isSecret: true,
    sentence: 'A token of root on the primary, with the scope `server.replicate`.',
  },
  {
    name: 'replica-files',
    type: oneOf('on-demand', 'all'),
    default: 'on-demand',
    sentence: 'Which files a replica fetches from its primary: those that are asked for, or `all`.',
  },
  {
    name: 'replica-allow-plain-http',
    type: flag,
    default: false,
    sentence:
      'Follow a primary on another machine by http://, which passwords and secrets then cross unencrypted.',
  },
  {
    name: 'ca-file',
    type: text.optional(),
    default: undefined,
    sentence:
      'File of certificates in PEM form that are trusted besides those of the system, when other servers are asked.',
  },
  {
    name: 'http-proxy',
    type: proxyUrl.optional(),
    default: undefined,
    isSecret: true,
    sentence: 'Proxy through which mirrors and commands ask servers with http://.',
    variables: ['http_proxy', 'HTTP_PROXY'],
  },
  {
    name: 'https-proxy',
    type: proxyUrl.optional(),
    default: undefined,
    isSecret: true,
    sentence: 'Proxy through which mirrors and commands ask servers with https://.',
    variables: ['https_proxy', 'HTTPS_PROXY'],
  },
  {
    name: 'no-proxy',
    type: text.optional(),
    default: undefined,
    sentence:
      'Hosts that are asked directly all the same, separated by commas. Commands ask this machine directly in any case.',
    variables: ['no_proxy', 'NO_PROXY'],
  },
  {
    name: 'log.level',
    type: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    sentence: 'The least severe log lines that are written to stderr.',
  },
  {
    name: 'log.format',
    type: oneOf('auto', 'json', 'text'),
    default: 'auto',
    sentence: '`json` for machines, `text` for people; `auto` is text on a terminal.',
  },
  {
    name: 'http.trusted-proxies',
    type: networks,
    default: ['127.0.0.0/8', '::1'],
    sentence:
      'Addresses and networks of proxies whose `X-Forwarded-For`, `-Proto`, `-Host`, `-Prefix` and `X-Real-IP` are believed.',
  },
  {
    name: 'http.internal-location',
    type: z
      .string(location)
      .regex(/^\/(?:[\w.+-]+\/)+$/, location)
      .optional(),
    default: undefined,
    sentence:
      'Location of nginx, marked `internal`, with the stored files: nginx sends them then (`X-Accel-Redirect`), and they become readable for the group.',
  },
  {
    name: 'http.max-json-bytes',
    type: wholeNumber(1),
    default: 1024 ** 2,
    sentence: 'The largest body of a request that is no upload.',
  },
  {
    name: 'http.max-buffered-bytes',
    type: wholeNumber(1),
    default: 64 * 1024 ** 2,
    sentence: 'Memory for the bodies of all requests together, without the files of uploads.',
  },
  {
    name: 'http.min-body-speed',
    type: wholeNumber(0),
    default: 1024,
    sentence: 'Bytes a second at which a body must arrive, over half a minute; 0 takes any speed.',
  },
] as const satisfies readonly Setting[];

/** The validated values of the kernel's settings. A part's context adds those of the part. */
export type Config = ConfigOf<typeof kernelSettings>;
