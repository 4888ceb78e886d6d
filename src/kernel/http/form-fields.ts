import { parse } from 'node:querystring';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

/** More than the metadata of any release have. */
const MAX_FIELDS = 5000;

/**
 * The fields of a form that was sent as `name=value&…`, with all their values in order; throws 400 for too many of them. Not by
 * `URLSearchParams`, which takes eight seconds for a megabyte of them.
 */
export function formFields(text: string): ReadonlyMap<string, readonly string[]> {
  if (isMoreThan(MAX_FIELDS, text))
    throw new AppError(kernelErrors.badRequest, `the form has more than ${MAX_FIELDS} fields`);
  return readFields(text, MAX_FIELDS);
}

/** The last value of each name: what is given twice is no list. */
export function lastValues(fields: ReadonlyMap<string, readonly string[]>): Record<string, string> {
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.at(-1) ?? '']));
}

const MAX_PARAMETERS = 1000;

/** The parameters of a query string, each with its last value; of too many the first ones. */
export function queryParameters(text: string): Record<string, string> {
  return lastValues(readFields(text, MAX_PARAMETERS));
}

function readFields(text: string, maxKeys: number): ReadonlyMap<string, readonly string[]> {
  const fields = Object.entries(parse(text, '&', '=', { maxKeys }));
  return new Map(fields.map(([name, value]) => [name, [value ?? ''].flat()]));
}

function isMoreThan(most: number, text: string): boolean {
  let count = 1;
  for (let at = text.indexOf('&'); at >= 0 && count <= most; at = text.indexOf('&', at + 1)) count += 1;
  return count > most;
}
