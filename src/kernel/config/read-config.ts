import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LineCounter, isMap, isScalar, parseDocument, type Document } from 'yaml';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { DEFAULT_SERVERDIR, type Config } from './kernel-settings.ts';
import { environmentName, type Setting } from './setting.ts';

export interface ConfigSources {
  /** Values given on the command line, by setting name. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What counts where none of the others says anything, in the place of a setting's own default. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Path of the YAML file; without it `wheelhouse.yml` in the server directory is read if it is there. */
  readonly file?: string;
}

interface Given {
  readonly value: unknown;
  readonly where: string;
}

/**
 * Reads the given settings from flags, `WHEELHOUSE_*` variables, the YAML file and the defaults, in that order; the
 * kernel's must be among them. Throws one `kernel.bad-configuration` that lists every problem with its place, so that
 * one run shows all.
 */
export function readConfig(settings: readonly Setting[], sources: ConfigSources): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const outer = [fromFlags(sources.flags), fromEnvironment(settings, sources.environment, problems)];
  const serverdir = outer.map((given) => given.get('serverdir')).find(Boolean)?.value ?? DEFAULT_SERVERDIR;
  const path = sources.file ?? resolve(String(serverdir), 'wheelhouse.yml');
  if (sources.file !== undefined && !existsSync(path)) problems.push(`${path}: no such file`);
  const file = existsSync(path) ? fromFile(settings, path, problems) : new Map<string, Given>();

  for (const setting of settings) {
    const given = [...outer, file].map((source) => source.get(setting.name)).find(Boolean);
    if (given === undefined) {
      values[setting.name] = sources.defaults?.[setting.name] ?? setting.default;
      continue;
    }
    const result = setting.type.safeParse(given.value);
    origins.set(setting.name, given.where);
    if (result.success) values[setting.name] = result.data;
    else problems.push(`${given.where}: ${setting.name} ${describe(result.error.issues[0], given, setting)}`);
  }
  if (problems.length > 0) {
    throw new AppError(kernelErrors.badConfiguration, problems.join('\n'), {
      hint: 'docs/reference/config.md lists every setting',
    });
  }
  values['serverdir'] = resolve(String(values['serverdir']));
  const config = Object.freeze(values) as unknown as Config;
  originsOf.set(config, origins);
  return config;
}

const originsOf = new WeakMap<Config, ReadonlyMap<string, string>>();

/** Where the value of a setting was given, such as `flag --port`; undefined for its default. */
export function originOf(config: Config, name: string): string | undefined {
  return originsOf.get(config)?.get(name);
}

function describe(issue: { message: string } | undefined, given: Given, setting: Setting): string {
  if (given.value === undefined) return 'has no value';
  const shown = setting.isSecret ? '' : `, not ${JSON.stringify(given.value)}`;
  return `${issue?.message ?? 'is invalid'}${shown}`;
}

function fromFlags(flags: ConfigSources['flags']): Map<string, Given> {
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return new Map(given.map(([name, value]) => [name, { value, where: `flag --${name}` }]));
}

function fromEnvironment(
  settings: readonly Setting[],
  environment: ConfigSources['environment'],
  problems: string[],
): Map<string, Given> {
  const known = new Map(settings.map((setting) => [environmentName(setting.name), setting.name]));
  const given = new Map<string, Given>();
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('WHEELHOUSE_') || value === undefined) continue;
    const name = known.get(variable);
    if (name === undefined) problems.push(`environment ${variable}: there is no such setting`);
    else given.set(name, { value, where: `environment ${variable}` });
  }
  for (const { name, variables = [] } of settings) {
    // Programs take an empty one for none.
    const variable = variables.find((each) => (environment[each] ?? '') !== '');
    if (variable !== undefined && !given.has(name))
      given.set(name, { value: environment[variable], where: `environment ${variable}` });
  }
  return given;
}

function fromFile(settings: readonly Setting[], path: string, problems: string[]): Map<string, Given> {
  const text = readText(path, problems);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (const error of document.errors) {
    problems.push(`${path}:${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}`);
  }
  if (document.errors.length > 0 || document.contents === null) return new Map();
  if (!isMap(document.contents)) {
    problems.push(`${path}:1: the file must be a mapping of settings`);
    return new Map();
  }
  return readMapping({ settings, path, lines, problems }, document.contents, '');
}

/** Without the place, which stands before the message already. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:$/, '');
}

function readText(path: string, problems: string[]): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(`${path}: ${(error as Error).message}`);
    return '';
  }
}

interface Reading {
  readonly settings: readonly Setting[];
  readonly path: string;
  readonly lines: LineCounter;
  readonly problems: string[];
}

type Mapping = Extract<Document['contents'], { items: unknown[] }>;

/** Sections may be nested (`log: {level: info}`) or dotted (`log.level: info`). */
function readMapping(reading: Reading, mapping: Mapping, prefix: string): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const pair of mapping.items as { key: unknown; value: unknown }[]) {
    const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const name = prefix + key;
    const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
    const where = `${reading.path}:${reading.lines.linePos(offset).line}`;
    if (reading.settings.some((setting) => setting.name === name)) {
      const value = pair.value as { toJSON?: () => unknown } | null;
      given.set(name, { value: value?.toJSON?.() ?? undefined, where });
    } else if (isMap(pair.value) && reading.settings.some((setting) => setting.name.startsWith(`${name}.`))) {
      for (const [inner, found] of readMapping(reading, pair.value as Mapping, `${name}.`)) {
        given.set(inner, found);
      }
    } else reading.problems.push(`${where}: there is no setting ${name}`);
  }
  return given;
}
