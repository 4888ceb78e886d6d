import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Secret } from './secret.ts';

/** One setting: everything that flags, environment, file, validation and the reference page need to know. */
export interface Setting {
  readonly name: string;
  readonly type: z.ZodType;
  readonly default: unknown;
  /** What the reference page shows when the default depends on the machine. */
  readonly shownDefault?: string;
  readonly isSecret?: boolean;
  /** True when `serve` accepts it as a flag. */
  readonly isFlag?: boolean;
  readonly sentence: string;
}

const port = wholeNumber(0, 65_535);
const bytes = wholeNumber(1, Number.MAX_SAFE_INTEGER);
const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);
const seconds = positive(2_147_483);
const flag = z.union(
  [z.boolean(), z.stringbool({ truthy: ['true', 'yes', '1', 'on'], falsy: ['false', 'no', '0', 'off'] })],
  { error: 'must be yes or no' },
);
const text = z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' });
/** The URL may hold a password. */
const databaseUrl = z
  .string()
  .refine((value) => value === 'sqlite' || /^postgres(ql)?:\/\//.test(value), {
    error: 'must be "sqlite" or a postgres:// URL',
  })
  .transform((value) => (value === 'sqlite' ? value : new Secret(value)));
const roles = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((role) => role.trim()) : value),
  z.array(oneOf('web', 'jobs')).min(1, { error: 'must name a role' }),
);

function wholeNumber(min: number, max: number) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const error = `must be a whole number ${range}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

function positive(max: number) {
  const error =
    max === Number.MAX_SAFE_INTEGER ? 'must be a number above 0' : `must be a number above 0, ${max} at most`;
  return z.coerce.number({ error }).positive({ error }).max(max, { error });
}

function oneOf<const Names extends readonly string[]>(...names: Names) {
  return z.enum(names, { error: `must be one of ${names.join(', ')}` });
}

/**
 * Every setting of Wheelhouse. `name` is the key in `wheelhouse.yml`; the environment name is
 * `WHEELHOUSE_` and the name in capitals with `_` for `.` and `-`; flags are `--name`.
 */
export const settings = [
  {
    name: 'serverdir',
    type: text,
    default: join(homedir(), '.wheelhouse'),
    shownDefault: '~/.wheelhouse',
    isFlag: true,
    sentence: 'Directory of the embedded database, the stored files and `wheelhouse.yml`.',
  },
  {
    name: 'host',
    type: text,
    default: 'localhost',
    isFlag: true,
    sentence: 'Address to listen on; `0.0.0.0` serves every interface.',
  },
  {
    name: 'port',
    type: port,
    default: 3141,
    isFlag: true,
    sentence: 'Port to listen on; 0 lets the system choose.',
  },
  {
    name: 'database',
    type: databaseUrl,
    default: 'sqlite',
    isSecret: true,
    isFlag: true,
    sentence: '`sqlite` for the embedded database, or a `postgres://` URL to scale out.',
  },
  {
    name: 'outside-url',
    type: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).optional(),
    default: undefined,
    isFlag: true,
    sentence: 'The URL under which clients reach the server when a proxy stands in front.',
  },
  {
    name: 'roles',
    type: roles,
    default: ['web', 'jobs'],
    isFlag: true,
    sentence: 'What this process does: `web` answers requests, `jobs` runs background jobs.',
  },
  {
    name: 'allow-empty-root-password',
    type: flag,
    default: false,
    isFlag: true,
    sentence: 'Serve on a non-loopback address although the root user has no password.',
  },
  {
    name: 'offline',
    type: flag,
    default: false,
    isFlag: true,
    sentence: 'Never ask an upstream index: serve what is cached and say what is not.',
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
    name: 'auth.argon2-memory-kib',
    type: wholeNumber(64, 4_194_304),
    default: 102_400,
    sentence: 'Memory in KiB that hashing one password takes; the default is devpi’s.',
  },
  {
    name: 'packages.max-upload-bytes',
    type: bytes,
    default: 4 * 1024 ** 3,
    sentence: 'The largest file that an upload may carry.',
  },
  {
    name: 'packages.archive-check',
    type: oneOf('refuse', 'warn'),
    default: 'refuse',
    sentence: 'What happens to an upload whose archive is unsafe or inconsistent.',
  },
  {
    name: 'packages.page-cache-bytes',
    type: bytes,
    default: 256 * 1024 ** 2,
    sentence: 'Memory for rendered simple pages; the ones made longest ago leave first.',
  },
  {
    name: 'packages.mirror-cache-bytes',
    type: bytes.optional(),
    default: undefined,
    shownDefault: 'no limit',
    sentence: 'How many bytes of mirrored files are kept; the least recently used ones leave first.',
  },
  {
    name: 'packages.mirror-cache-days',
    type: positive(Number.MAX_SAFE_INTEGER).optional(),
    default: undefined,
    shownDefault: 'no limit',
    sentence: 'How many days a mirrored file is kept after its last use.',
  },
  {
    name: 'packages.file-cache-bytes',
    type: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    default: 64 * 1024 ** 2,
    sentence: 'Memory for small files that are asked for again and again; 0 turns it off.',
  },
  {
    name: 'packages.mirror-answer-seconds',
    type: seconds,
    default: 9,
    sentence: 'Until upstream must begin to answer, connecting and redirects included.',
  },
  {
    name: 'packages.mirror-page-seconds',
    type: seconds,
    default: 12,
    sentence: 'Until the whole page of a project must have come; pip gives up after 15 silent seconds.',
  },
  {
    name: 'packages.mirror-file-seconds',
    type: seconds,
    default: 11,
    sentence: 'Until a file must begin to come, finding out where it is included.',
  },
  {
    name: 'packages.mirror-silence-seconds',
    type: seconds,
    default: 30,
    sentence: 'The longest silence of upstream while a file comes.',
  },
  {
    name: 'packages.mirror-small-file-seconds',
    type: seconds,
    default: 3,
    sentence:
      'How long a small file may take before it is sent while it comes; until then an error can be told.',
  },
  {
    name: 'packages.mirror-patience-seconds',
    type: seconds,
    default: 1.5,
    sentence: 'How long anybody waits for a new page where an old one is known.',
  },
  {
    name: 'packages.mirror-stale-seconds',
    type: seconds,
    default: 1,
    sentence: 'How long an old page is served before upstream is asked again.',
  },
  {
    name: 'packages.mirror-pause-seconds',
    type: seconds,
    default: 5,
    sentence: 'How long upstream is left alone after a failure where an old page is known.',
  },
  {
    name: 'packages.mirror-longest-pause-seconds',
    type: seconds,
    default: 300,
    sentence: 'The longest time that `Retry-After` of upstream is obeyed.',
  },
  {
    name: 'packages.mirror-absent-seconds',
    type: seconds,
    default: 120,
    sentence:
      'How long it is remembered that upstream has no such project; never longer than `mirror_cache_expiry`.',
  },
  {
    name: 'packages.mirror-page-bytes',
    type: bytes,
    default: 128 * 1024 ** 2,
    sentence: 'The largest page of a project that is taken of upstream, inflated.',
  },
  {
    name: 'packages.mirror-page-files',
    type: count,
    default: 100_000,
    sentence: 'The most files of a project that are taken of upstream; the rest is left out.',
  },
  {
    name: 'packages.mirror-list-bytes',
    type: bytes,
    default: 1024 ** 3,
    sentence: 'The largest list of all projects that is taken of upstream, as sent and as inflated.',
  },
  {
    name: 'packages.mirror-list-seconds',
    type: seconds,
    default: 600,
    sentence: 'Until the whole list of projects must have come.',
  },
] as const satisfies readonly Setting[];

type Settings = typeof settings;
type Named<Name extends string> = Extract<Settings[number], { name: Name }>;

/** The validated configuration: one frozen value per setting, keyed by its name. */
export type Config = {
  readonly [Name in Settings[number]['name']]: z.output<Named<Name>['type']>;
};

/** `packages.max-upload-bytes` is `WHEELHOUSE_PACKAGES_MAX_UPLOAD_BYTES` in the environment. */
export function environmentName(setting: string): string {
  return `WHEELHOUSE_${setting.toUpperCase().replace(/[.-]/g, '_')}`;
}
