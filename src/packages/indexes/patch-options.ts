import { defaultOptions, invalid, isListOption, parseOptions } from './options.ts';
import { ADDRESS_OPTIONS, withoutCredentials } from './show-index.ts';
import type { IndexType, Options } from '../model/index.ts';

/** The index whose options are patched, as far as patching needs to know it. */
export interface Patched {
  readonly type: IndexType;
  readonly owner: string;
  readonly options: Options;
}

const OPERATION = /^(?<key>[^=+-][^=]*?)(?<operator>\+=|-=|=)(?<value>.*)$/s;

/**
 * Applies a PATCH body: an object of options, that object as `getjson` printed it
 * (`{type: "indexconfig", result}`), or a list of `key=value`, `key+=value`, `key-=value`, `key-=`
 * (reference devpi.md 1.6). Returns the new options, without keys that were dropped.
 */
export function patchOptions(index: Patched, body: unknown): Options {
  return keepCredentials(index.options, patch(index, body));
}

/** Who sends back the configuration that we showed does not mean to drop the password that we hid. */
function keepCredentials(old: Options, patched: Options): Options {
  const kept = ADDRESS_OPTIONS.flatMap((name) => {
    const url = old[name];
    return typeof url === 'string' && patched[name] === withoutCredentials(url) ? [[name, url]] : [];
  });
  return { ...patched, ...Object.fromEntries(kept) };
}

function patch(index: Patched, body: unknown): Options {
  if (Array.isArray(body)) return applyOperations(index, body as unknown[]);
  if (typeof body !== 'object' || body === null)
    throw invalid('the body must be an object or a list of operations');
  const wrapped = body as { type?: unknown; result?: unknown };
  const isWrapped =
    wrapped.type === 'indexconfig' && typeof wrapped.result === 'object' && wrapped.result !== null;
  const given = (isWrapped ? wrapped.result : body) as Options;
  checkType(index, given['type']);
  return { ...index.options, ...parseOptions(index.type, given) };
}

function checkType(index: Patched, type: unknown): void {
  if (type !== undefined && type !== index.type) throw invalid("the 'type' of an index can't be changed");
}

function applyOperations(index: Patched, operations: readonly unknown[]): Options {
  let options = index.options;
  for (const operation of operations) {
    if (typeof operation !== 'string') throw invalid('every operation must be a string such as key=value');
    options = applyOperation({ ...index, options }, operation);
  }
  return options;
}

function applyOperation(index: Patched, operation: string): Options {
  const { key, operator, value } = OPERATION.exec(operation)?.groups ?? {
    key: operation,
    operator: '=',
    value: '',
  };
  if (key === undefined || value === undefined)
    throw invalid(`cannot understand the operation '${operation}'`);
  if (key === 'type') {
    checkType(index, value);
    return index.options;
  }
  if (operator === '=') return { ...index.options, ...parseOptions(index.type, { [key]: value }) };
  if (operator === '-=' && value === '') return dropOption(index, key);
  if (!isListOption(index.type, key)) {
    parseOptions(index.type, { [key]: value });
    throw invalid(`The '${key}' setting is not a list, use ${key}=value`);
  }
  const current = (index.options[key] ?? []) as readonly string[];
  const items = (parseOptions(index.type, { [key]: value })[key] ?? []) as readonly string[];
  if (operator === '+=') return { ...index.options, [key]: [...new Set([...current, ...items])] };
  for (const item of items) {
    if (!current.includes(item)) throw invalid(`The '${key}' setting doesn't have value '${item}'`);
  }
  return { ...index.options, [key]: current.filter((item) => !items.includes(item)) };
}

function dropOption(index: Patched, key: string): Options {
  if (Object.hasOwn(defaultOptions(index.type, index.owner), key))
    throw invalid("Default values can't be removed.");
  if (!Object.hasOwn(index.options, key)) throw invalid(`The '${key}' setting doesn't have a value`);
  const { [key]: _dropped, ...rest } = index.options;
  return rest;
}
