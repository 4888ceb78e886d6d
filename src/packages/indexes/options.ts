import { AppError } from '#kernel/errors/app-error.ts';
import { withoutTrailingSlashes } from '#kernel/http/slashes.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { parseTarget } from '#python/tags/target.ts';
import { packagesErrors } from '../errors.ts';
import type { IndexType, Options, OptionValue } from '../model/index.ts';

type Parse = (value: unknown, key: string) => OptionValue;

const TRUE = new Set(['true', 'yes', '1', 'on', 't', 'y']);
const FALSE = new Set(['false', 'no', '0', 'off', 'f', 'n']);

const boolean: Parse = (value) => {
  if (typeof value === 'boolean') return value;
  const text = String(value).toLowerCase();
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw invalid(`Unknown boolean value '${String(value)}'.`);
};

const text: Parse = (value, key) => {
  if (typeof value === 'string') return value;
  throw invalid(`'${key}' option must be a string.`);
};

const integer: Parse = (value, key) => {
  const number = typeof value === 'number' ? value : Number(String(value).trim() || Number.NaN);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw invalid(`'${key}' option must be an integer`);
};

const url: Parse = (value, key) => {
  const parsed = typeof value === 'string' ? URL.parse(value) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) throw invalid(`'${key}' option must be a URL.`);
  return value;
};

const list: Parse = (value) => {
  const items = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(items)) throw invalid(`Unknown list value ${JSON.stringify(value) ?? String(value)}.`);
  const texts = (items as unknown[]).map((item) => {
    if (typeof item !== 'string')
      throw invalid(`Unknown list value ${JSON.stringify(item) ?? String(item)}.`);
    return item.trim();
  });
  return [...new Set(texts.filter((item) => item !== ''))];
};

const listOf =
  (normalize: (item: string) => string): Parse =>
  (value, key) => [...new Set((list(value, key) as string[]).map(normalize))];

const principals = listOf((name) => (/^:.*:$/.test(name) ? name.toUpperCase() : name));
const projects = listOf((name) => (name === '*' ? name : normalizeProjectName(name)));
/** Names, or prefixes such as `acme-*`. */
const reservedNames = listOf((name) =>
  name.endsWith('*')
    ? `${name
        .slice(0, -1)
        .toLowerCase()
        .replace(/[-_.]+/g, '-')}*`
    : normalizeProjectName(name),
);
const bases = listOf((name) => withoutTrailingSlashes(name.replace(/^\/+/, '')));
const inheritance: Parse = (value, key) => {
  if (value === 'intersection' || value === 'union') return value;
  throw invalid(`Unknown value '${String(value)}' for ${key}, must be 'intersection' or 'union'.`);
};
/** An address with places for the release; empty, as devpi has it, for none. */
const trigger: Parse = (value, key) => (value === '' || value === 'None' ? '' : url(value, key));
/** Kept as written: without a platform a target is one of this server's. */
const targets: Parse = (value, key) => {
  const named = list(value, key) as string[];
  try {
    for (const target of named) parseTarget(target);
    return named;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw invalid(`'${key}' option: ${error.message}`);
  }
};
const anyJson: Parse = (value) => value;

const common = { acl_read: principals, title: text, description: text, custom_data: anyJson };

const stageOptions: Readonly<Record<string, Parse>> = {
  volatile: boolean,
  acl_upload: principals,
  acl_toxresult_upload: principals,
  bases,
  mirror_whitelist: projects,
  mirror_whitelist_inheritance: inheritance,
  uploadtrigger_jenkins: trigger,
  retention_keep: integer,
  retention_days: integer,
  build_targets: targets,
  joins_mirrors: boolean,
  ...common,
};

const mirrorOptions: Readonly<Record<string, Parse>> = {
  volatile: boolean,
  mirror_url: url,
  mirror_cache_expiry: integer,
  mirror_web_url_fmt: text,
  mirror_use_external_urls: boolean,
  mirror_no_project_list: boolean,
  mirror_ignore_serial_header: boolean,
  mirror_provides_core_metadata: boolean,
  mirror_reserved_names: reservedNames,
  ...common,
};

const optionsOf: Readonly<Record<IndexType, Readonly<Record<string, Parse>>>> = {
  stage: stageOptions,
  mirror: mirrorOptions,
};

/** The names of all options that an index of a type may have, `type` itself aside. */
export const optionNames: Readonly<Record<IndexType, readonly string[]>> = {
  stage: Object.keys(stageOptions),
  mirror: Object.keys(mirrorOptions),
};

/** Options of a stage mean nothing to a mirror; devpi drops them silently there (reference devpi.md 2.2). */
const droppedOnMirrors = new Set([
  'bases',
  'acl_upload',
  'acl_toxresult_upload',
  'mirror_whitelist',
  'mirror_whitelist_inheritance',
  'pypi_whitelist',
  'retention_keep',
  'retention_days',
  'build_targets',
  'joins_mirrors',
]);

/** What an index has before anybody sets an option. */
export function defaultOptions(type: IndexType, owner: string): Options {
  if (type === 'mirror') return { volatile: true };
  return {
    volatile: true,
    acl_upload: [owner],
    acl_toxresult_upload: [':ANONYMOUS:'],
    bases: [],
    mirror_whitelist: [],
    mirror_whitelist_inheritance: 'intersection',
  };
}

export function parseIndexType(value: unknown): IndexType {
  if (value === 'stage' || value === 'mirror') return value;
  throw invalid(`unknown index type '${String(value)}'`);
}

/**
 * Validates given options and brings them to their stored form. All problems are reported in one 400, joined
 * by commas, in devpi's words (reference devpi.md 1.6). `projects` is what GET adds, so it is left out.
 */
export function parseOptions(type: IndexType, given: Options): Options {
  const known = optionsOf[type];
  const parsed: Record<string, OptionValue> = {};
  const problems: string[] = [];
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (key === 'type' || key === 'projects') continue;
    if (type === 'mirror' && droppedOnMirrors.has(key)) continue;
    const parse = Object.hasOwn(known, key) ? known[key] : undefined;
    if (parse === undefined) unknown.push(`${key}=${shown(value)}`);
    // As devpi shows an index without one.
    else if (value === null && parse === trigger) parsed[key] = '';
    else if (value === null) problems.push(`'${key}' option must not be null`);
    else {
      try {
        parsed[key] = parse(value, key);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        problems.push(error.message);
      }
    }
  }
  if (unknown.length > 0) {
    problems.push(`indexconfig got unexpected keyword arguments: ${unknown.join(', ')}`);
  }
  if (problems.length > 0) throw invalid(problems.join(', '));
  return parsed;
}

export function isListOption(type: IndexType, key: string): boolean {
  const parse = Object.hasOwn(optionsOf[type], key) ? optionsOf[type][key] : undefined;
  return [principals, projects, bases, reservedNames, targets].some((each) => each === parse);
}

export function invalid(detail: string): AppError {
  return new AppError(packagesErrors.invalidIndex, detail);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
