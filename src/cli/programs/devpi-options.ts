import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import type { ProgramOption, ProgramValue } from '../program.ts';
import { readFullConfig } from '../configuration.ts';
import type { FullConfig, SettingName } from '../../parts.ts';

/** One option of devpi's programs and what becomes of it. */
export interface DevpiOption extends ProgramOption {
  /** The settings that a value stands for; may throw what is wrong with it. */
  readonly toSettings?: (value: ProgramValue) => Partial<Record<SettingName, ProgramValue | undefined>>;
  /** Why the option has no effect here: said when it is given, for it changes nothing that clients see. */
  readonly noEffect?: string;
  /** Why the option cannot be honoured: an error, for without it the server would do something else. */
  readonly refused?: string;
}

const DEVPI_MAX_BODY_BYTES = 1024 ** 3;

/** What every program of devpi takes that reads or makes a server directory. */
export const stateOptions: readonly DevpiOption[] = [
  {
    flags: '--serverdir <directory>',
    summary: 'Directory of the server’s data.',
    toSettings: (value) => ({ serverdir: value }),
  },
  {
    flags: '--storage <name>',
    summary: '`sqlite`, or `pg8000:host=…,port=…,database=…,user=…,password=…` for PostgreSQL.',
    toSettings: (value) => ({ database: databaseOf(String(value)) }),
  },
  {
    flags: '--role <role>',
    summary: '`standalone`, `primary` or `auto`.',
    toSettings: refuseReplica,
  },
  {
    flags: '--debug',
    summary: 'Log at debug level.',
    toSettings: () => ({ 'log.level': 'debug' }),
  },
  refused('--primary-url <url>', 'replicas are started with wheelhouse serve --replica-of URL'),
  refused('--master-url <url>', 'replicas are started with wheelhouse serve --replica-of URL'),
  refused('-c, --configfile <file>', 'wheelhouse.yml takes its place'),
  noEffect('--logger-cfg <file>', 'the settings log.level and log.format do'),
  noEffect('--keyfs-cache-size <count>', 'the database keeps its own cache'),
];

/** What `devpi-init` takes beside `stateOptions`. */
export const initOptions: readonly DevpiOption[] = [
  {
    flags: '--no-root-pypi',
    summary: 'Do not make the mirror root/pypi.',
    toSettings: () => ({ 'packages.root-pypi': false }),
  },
  {
    flags: '--root-passwd <password>',
    summary: 'Password of the user root; empty without it.',
    toSettings: (value) => (value === '' ? {} : { 'accounts.root-password': value }),
  },
  {
    flags: '--root-passwd-hash <hash>',
    summary: 'Argon2 hash of the password of the user root.',
    toSettings: (value) => ({ 'accounts.root-password-hash': value }),
  },
];

const hardLinks: DevpiOption = {
  flags: '--hard-links',
  summary: 'Give files a second name instead of copying them, where that can be.',
};

/** What `devpi-export` takes beside `stateOptions`. */
export const exportOptions: readonly DevpiOption[] = [
  { flags: '--include-mirrored-files', summary: 'Also what mirrors have fetched.' },
  hardLinks,
];

/** What `devpi-import` takes beside `stateOptions` and `initOptions`. */
export const importOptions: readonly DevpiOption[] = [
  {
    flags: '--skip-import-type <type>',
    summary: 'Leave out the indexes of this type; may be given several times.',
    isRepeatable: true,
  },
  hardLinks,
  noEffect('--no-events', 'an import runs no events of files'),
];

/** How a server serves. */
const servingOptions: readonly DevpiOption[] = [
  { flags: '--host <host>', summary: 'Address to listen on.', toSettings: (value) => ({ host: value }) },
  { flags: '--port <port>', summary: 'Port to listen on.', toSettings: (value) => ({ port: value }) },
  {
    flags: '--listen <address>',
    summary: 'HOST:PORT to listen on; `*` is every interface.',
    isRepeatable: true,
    toSettings: listenAddress,
  },
  {
    flags: '--outside-url <url>',
    summary: 'The URL under which clients reach the server.',
    toSettings: (value) => ({ 'outside-url': value }),
  },
  {
    flags: '--max-request-body-size <bytes>',
    summary: `The largest upload; devpi’s default is ${DEVPI_MAX_BODY_BYTES}.`,
    toSettings: (value) => ({ 'packages.max-upload-bytes': value }),
  },
  {
    flags: '--requests-only',
    summary: 'Answer requests and leave background work to another process.',
    toSettings: () => ({ roles: ['web'] }),
  },
  {
    flags: '--offline-mode',
    summary: 'Never ask an upstream index.',
    toSettings: () => ({ offline: true }),
  },
  refused('--restrict-modify <names>', 'this version has no such limit'),
  refused('--autocreate-users', 'this version cannot do it'),
  refused('--unix-socket <path>', 'listen on localhost instead'),
  refused('--trusted-proxy <address>', 'X-Outside-Url is honoured without it'),
  noEffect('--secretfile <file>', 'the key is kept in the database'),
  noEffect('--refresh <seconds>', 'the option mirror_cache_expiry of an index sets it'),
  noEffect('--threads <count>', 'one thread answers all'),
  noEffect('--connection-limit <count>', 'connections are not limited'),
  noEffect('--request-timeout <seconds>', 'it is chosen so that pip does not give up first'),
  noEffect('--mirror-cache-expiry <seconds>', 'the option mirror_cache_expiry of an index sets it'),
  noEffect('--proxy-timeout <seconds>', 'replicas are started with wheelhouse serve --replica-of URL'),
  noEffect('--absolute-urls', 'installers resolve relative links'),
  noEffect('--hard-links', 'the server keeps each content once'),
  noEffect('--enable-core-metadata', 'they are always served'),
  noEffect('--profile-requests <count>', 'GET /+metrics has figures'),
  noEffect('--indexer-backend <name>', 'the database is searched'),
  noEffect('--keep-docs-packed', 'documentation is always kept packed'),
  // They stretch devpi's secret file, which has no counterpart here; its test suites always pass them.
  hidden('--argon2-memory-cost <kib>'),
  hidden('--argon2-parallelism <count>'),
  hidden('--argon2-time-cost <count>'),
];

const certificates: DevpiOption = {
  flags: '--certificates <directory>',
  summary: 'Where nginx finds server.key and ssl-unified.crt, if the outside URL is https://.',
};

/** What `devpi-server` takes beside `stateOptions`. */
export const serverOptions: readonly DevpiOption[] = [
  ...servingOptions,
  {
    flags: '--gendeploy <directory>',
    summary:
      'Make a deployment in the directory, with supervisor and configuration for nginx and cron; the other options are for its server.',
  },
  { flags: '--export <directory>', summary: 'Write everything that the server has, as devpi-export does.' },
  { flags: '--import <directory>', summary: 'Make a new server of a dump, as devpi-import does.' },
  { flags: '--passwd <user>', summary: 'Set the password of a user, as devpi-passwd does.' },
  { flags: '--start', summary: 'Serve in the background; a directory without a server gets one.' },
  { flags: '--stop', summary: 'Stop the server in the background.' },
  { flags: '--status', summary: 'Say whether a server runs in the background; exits with 1 if none does.' },
  { flags: '--log', summary: 'Print the last lines of the log of the server in the background.' },
  certificates,
];

/** What `devpi-gen-config` takes: all of a server that stands in its command line. */
export const genConfigOptions: readonly DevpiOption[] = [...stateOptions, ...servingOptions, certificates];

/** Under the names of devpi's programs indexes inherit from the mirror of PyPI without being told, as with devpi 1.x. */
export const DEVPI_DEFAULTS = { 'packages.default-bases': ['root/pypi'] };

/** The configuration that devpi's options ask for; what has no effect is said on stderr. */
export function configFromOptions(
  options: readonly DevpiOption[],
  values: Readonly<Record<string, ProgramValue | undefined>>,
): FullConfig {
  const flags: Record<string, unknown> = {};
  for (const { option, long, value } of givenOptions(options, values)) {
    if (option.refused !== undefined) throw problem(`${long}: ${option.refused}`);
    if (option.noEffect !== undefined)
      process.stderr.write(`note: ${long} has no effect: ${option.noEffect}\n`);
    Object.assign(flags, option.toSettings?.(value));
  }
  return readFullConfig(flags, undefined, DEVPI_DEFAULTS);
}

/** The same options as words of a command line, those that have an effect. */
export function wordsOfOptions(
  options: readonly DevpiOption[],
  values: Readonly<Record<string, ProgramValue | undefined>>,
): readonly string[] {
  return givenOptions(options, values)
    .filter(({ option }) => option.toSettings !== undefined)
    .flatMap(({ long, value }) =>
      [value].flat().flatMap((each) => (typeof each === 'boolean' ? [long] : [long, each])),
    );
}

function givenOptions(
  options: readonly DevpiOption[],
  values: Readonly<Record<string, ProgramValue | undefined>>,
) {
  return options.flatMap((option) => {
    const long = /--[a-z0-9-]+/.exec(option.flags)?.[0] ?? '';
    const isNegation = long.startsWith('--no-');
    const key = long.slice(isNegation ? '--no-'.length : '--'.length);
    const value = values[key.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase())];
    return value === undefined || (isNegation && value !== false) ? [] : [{ option, long, value }];
  });
}

function refused(flags: string, reason: string): DevpiOption {
  return { flags, summary: '', isHidden: true, refused: reason };
}

function noEffect(flags: string, reason: string): DevpiOption {
  return { flags, summary: '', isHidden: true, noEffect: reason };
}

function hidden(flags: string): DevpiOption {
  return { flags, summary: '', isHidden: true };
}

function refuseReplica(role: ProgramValue): Record<string, never> {
  if (['standalone', 'primary', 'master', 'auto'].includes(String(role))) return {};
  throw problem(
    `--role ${String(role)}: replicas are started with wheelhouse serve --replica-of URL; known are standalone, primary and auto`,
  );
}

function listenAddress(given: ProgramValue): Partial<Record<SettingName, ProgramValue | undefined>> {
  const addresses = [given].flat().map(String);
  const [, host, port] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(addresses[0] ?? '') ?? [];
  if (host === undefined || addresses.length > 1) {
    throw problem(`--listen ${addresses.join(' --listen ')}: give one address, as HOST:PORT`);
  }
  return { host: host === '*' ? '0.0.0.0' : host.replace(/^\[|\]$/g, ''), port };
}

/** `sqlite` in its three spellings, or a URL from the parameters of devpi-postgresql. */
function databaseOf(storage: string): string {
  const [name, parameters = ''] = storage.split(/:(.*)/s);
  if (name === 'sqlite' || name === 'sqlite_db_files') return 'sqlite';
  if (name !== 'pg8000') throw problem(`--storage ${name}: known are sqlite and pg8000`);
  const given = new Map(
    parameters.split(',').map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  const url = new URL('postgres://localhost/devpi');
  url.hostname = given.get('host') ?? 'localhost';
  url.port = given.get('port') ?? '';
  url.pathname = `/${encodeURIComponent(given.get('database') ?? 'devpi')}`;
  url.username = encodeURIComponent(given.get('user') ?? '');
  url.password = encodeURIComponent(given.get('password') ?? '');
  return url.href;
}

function problem(text: string): AppError {
  return new AppError(kernelErrors.badConfiguration, text);
}
