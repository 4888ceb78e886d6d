import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { readConfig, type ConfigSources } from './read-config.ts';
import { Secret } from './secret.ts';
import { parts, settingsOf } from '../../parts.ts';
import { environmentName } from './setting.ts';

const settings = settingsOf(parts);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function read(sources: Partial<ConfigSources> = {}) {
  return readConfig(settings, {
    flags: { serverdir: directory, ...sources.flags },
    environment: {},
    ...withoutFlags(sources),
  });
}

function withoutFlags({ flags: _flags, ...rest }: Partial<ConfigSources>) {
  return rest;
}

function problems(sources: Partial<ConfigSources>): string[] {
  try {
    read(sources);
  } catch (error) {
    if (error instanceof AppError) return error.message.split('\n');
    throw error;
  }
  return [];
}

function file(text: string): string {
  const path = join(directory, 'wheelhouse.yml');
  writeFileSync(path, text);
  return path;
}

test('without anything every setting has its default', () => {
  const config = read();

  expect(config).toMatchObject({ serverdir: directory, host: 'localhost', port: 3141, database: 'sqlite' });
  expect(Object.keys(config).sort()).toEqual(settings.map(({ name }) => name).sort());
  expect(Object.isFrozen(config)).toBe(true);
});

test('a flag counts before the environment, that before the file, that before the default', () => {
  file('port: 1\nhost: from-file\nlog.level: warn\n');
  const environment = { WHEELHOUSE_PORT: '2', WHEELHOUSE_HOST: 'from-environment' };

  const config = read({ flags: { port: '3' }, environment });

  expect(config).toMatchObject({
    port: 3,
    host: 'from-environment',
    'log.level': 'warn',
    'log.format': 'auto',
  });
});

test('sections of the file may be nested or dotted', () => {
  file('log:\n  level: debug\npackages.archive-check: warn\naccounts: { argon2-memory-kib: 64 }\n');

  expect(read()).toMatchObject({
    'log.level': 'debug',
    'packages.archive-check': 'warn',
    'accounts.argon2-memory-kib': 64,
  });
});

test('an empty file says nothing', () => {
  file('# only a comment\n');

  expect(read().port).toBe(3141);
});

test.each([
  ['roles', 'web', ['web']],
  ['roles', 'web, jobs', ['web', 'jobs']],
  ['allow-empty-root-password', 'yes', true],
  ['allow-empty-root-password', 'off', false],
  ['outside-url', 'https://x.example/sub', 'https://x.example/sub'],
  ['packages.max-upload-bytes', '1000', 1000],
])('%s=%s in the environment is read as %j', (name, text, value) => {
  const config = read({ environment: { [environmentName(name)]: text } });

  expect((config as Record<string, unknown>)[name]).toEqual(value);
});

test('the database URL does not show by accident', () => {
  const { database } = read({ environment: { WHEELHOUSE_DATABASE: 'postgres://u:secret@h/d' } });

  expect(JSON.stringify({ database })).toBe('{"database":"[redacted]"}');
  expect(database === 'sqlite' ? '' : database.reveal()).toBe('postgres://u:secret@h/d');
});

test('proxies are read from the variables of other programs, unless ours are set', () => {
  const environment = { https_proxy: '', HTTPS_PROXY: 'proxy.example:3128', NO_PROXY: 'localhost' };
  const own = { ...environment, WHEELHOUSE_HTTPS_PROXY: 'https://me:secret@own.example' };

  expect(read({ environment })['https-proxy']?.reveal()).toBe('http://proxy.example:3128');
  expect(read({ environment })).toMatchObject({ 'http-proxy': undefined, 'no-proxy': 'localhost' });
  expect(read({ environment: own })['https-proxy']?.reveal()).toBe('https://me:secret@own.example');
  expect(problems({ environment: { HTTPS_PROXY: 'socks5://me:secret@x' } })).toEqual([
    'environment HTTPS_PROXY: https-proxy must be an http:// or https:// URL',
  ]);
});

test('the server directory is made absolute and may come from the environment', () => {
  const config = readConfig(settings, { flags: {}, environment: { WHEELHOUSE_SERVERDIR: './somewhere' } });

  expect(config.serverdir).toBe(resolve('somewhere'));
});

describe('problems', () => {
  test('are reported all together, each with its place', () => {
    const path = file('port: many\nhost: ""\nlog:\n  level: loud\n  colour: red\nunknown: 1\n');

    const found = problems({
      flags: { roles: 'cooking' },
      environment: { WHEELHOUSE_DATABASE: 'mysql://x', WHEELHOUSE_NONSENSE: '1' },
    });

    expect(found).toHaveLength(8);
    expect(found.join('\n')).toContain('environment WHEELHOUSE_NONSENSE: there is no such setting');
    expect(found.join('\n')).toContain(`${path}:5: there is no setting log.colour`);
    expect(found.join('\n')).toContain(`${path}:6: there is no setting unknown`);
    expect(found.find((line) => line.startsWith(`${path}:1: port `))).toContain('not "many"');
    expect(found.find((line) => line.startsWith(`${path}:2: host `))).toBeDefined();
    expect(found.find((line) => line.startsWith(`${path}:4: log.level `))).toBeDefined();
    expect(found.find((line) => line.startsWith('flag --roles: roles '))).toContain('not "cooking"');
    expect(found.find((line) => line.includes('WHEELHOUSE_DATABASE'))).toBe(
      'environment WHEELHOUSE_DATABASE: database must be "sqlite" or a postgres:// URL',
    );
  });

  test('with a secret do not show it', () => {
    expect(problems({ environment: { WHEELHOUSE_DATABASE: 'mysql://user:hunter2@x' } }).join()).not.toContain(
      'hunter2',
    );
  });

  test('of YAML have a line', () => {
    const path = file('port: 1\nhost: [\n');

    expect(problems({})[0]).toMatch(new RegExp(`^${path}:\\d+: `));
  });

  test.each(['- a\n- b\n', 'just text\n', '5\n'])('are found where the file is %j', (text) => {
    const path = file(text);

    expect(problems({})).toEqual([`${path}:1: the file must be a mapping of settings`]);
  });

  test('are found where the named file is missing', () => {
    expect(problems({ file: join(directory, 'no.yml') })).toEqual([
      `${join(directory, 'no.yml')}: no such file`,
    ]);
  });

  test('are found where a setting has no value', () => {
    file('port:\n');

    expect(problems({})).toHaveLength(1);
  });

  test('are found where a setting occurs twice', () => {
    file('port: 1\nport: 2\n');

    expect(problems({})).toHaveLength(1);
  });
});

test('every setting has its own name in the environment, and a default that it accepts', () => {
  const names = settings.map(({ name }) => environmentName(name));
  expect(new Set(names).size).toBe(names.length);
  for (const { name, type, default: value } of settings) {
    expect(type.safeParse(value).success, name).toBe(true);
  }
});

test('a secret shows itself to nobody but who asks', async () => {
  const { inspect } = await import('node:util');
  const secret = new Secret('hunter2');

  expect(secret.reveal()).toBe('hunter2');
  const shown = [
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ secret }),
    `${secret}`,
  ];
  expect(shown.join()).not.toContain('hunter2');
});
