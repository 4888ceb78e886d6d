import { basename } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { pythonErrors } from '../errors.ts';

/** Reads TOML of a known shape; errors name the file and the line or the key. */
export function parseToml<Schema extends z.ZodType>(
  text: string,
  name: string,
  schema: Schema,
): z.output<Schema> {
  let data: unknown;
  try {
    data = parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [first = ''] = cause.message.split('\n');
    const where = `${name}:${cause.line}`;
    throw new AppError(
      pythonErrors.badLockFile,
      `${where}: ${first.replace(/^Invalid TOML document: /, '')}`,
      { cause },
    );
  }
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new AppError(pythonErrors.badLockFile, `${name}: ${keyOf(issue?.path ?? [])}: ${issue?.message}`);
}

/** The file name at the end of a URL or a path. */
export function filenameOf(location: string | undefined): string | undefined {
  if (location === undefined) return undefined;
  const path = URL.parse(location)?.pathname ?? location;
  try {
    return decodeURIComponent(basename(path.replaceAll('\\', '/')));
  } catch {
    return undefined;
  }
}

function keyOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1);
}
