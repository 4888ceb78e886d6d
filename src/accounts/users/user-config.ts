import type { UserAccount } from './store.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { accountsErrors } from '../errors.ts';
import { timestamp } from '../timestamp.ts';

/** The optional texts of a user; `custom_data` may be any JSON value (reference devpi.md 2.1). */
const TEXTS = ['email', 'title', 'description'] as const;
const KNOWN = new Set<string>([...TEXTS, 'custom_data', 'password', 'pwhash']);

export type UserFields = Readonly<Record<string, unknown>>;

/** The user as every answer shows it: never with password fields. */
export function showUser(user: UserAccount): Record<string, unknown> {
  return {
    username: user.name,
    created: timestamp(user.createdAt),
    ...(user.modifiedAt !== null && { modified: timestamp(user.modifiedAt) }),
    ...Object.fromEntries(TEXTS.flatMap((key) => (user[key] === null ? [] : [[key, user[key]]]))),
    ...(user.customData !== undefined && { custom_data: user.customData }),
  };
}

/** Throws 400 naming every key that a new user cannot have. */
export function checkKnownKeys(fields: UserFields): void {
  const unknown = Object.keys(fields).filter((key) => !KNOWN.has(key));
  if (unknown.length === 0) return;
  throw invalidUser(`Unknown keys in user config: ${unknown.join(', ').slice(0, 1000)}`);
}

/** The user with the given texts; an empty text or null removes one, unknown keys count for nothing. */
export function withFields(user: UserAccount, fields: UserFields): UserAccount {
  const texts = Object.fromEntries(
    TEXTS.flatMap((key) => (key in fields ? [[key, optionalText(key, fields[key])]] : [])),
  );
  if (!('custom_data' in fields)) return { ...user, ...texts };
  const value = fields['custom_data'];
  return { ...user, ...texts, customData: value === null || value === '' ? undefined : value };
}

/** Throws 400 if the fields of a user are larger together than the limit, in bytes of JSON. */
export function checkSize({ email, title, description, customData }: UserAccount, maxBytes: number): void {
  if (bytesOf([email, title, description, customData]) <= maxBytes) return;
  throw invalidUser(`the fields of a user may have ${maxBytes} bytes together (accounts.max-user-bytes)`);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The names of the fields that count; others are ignored. */
export function knownKeys(fields: UserFields): string[] {
  return Object.keys(fields).filter((key) => KNOWN.has(key));
}

/** The password that the fields give, if they give one. */
export function givenPassword(fields: UserFields, maxBytes: number): string | undefined {
  const { password } = fields;
  if (password === undefined) return undefined;
  if (typeof password !== 'string') throw invalidUser("'password' must be a string");
  checkPasswordSize(password, maxBytes);
  return password;
}

/** Throws 400 if a password is larger than the limit. */
export function checkPasswordSize(password: string, maxBytes: number): void {
  if (Buffer.byteLength(password) <= maxBytes) return;
  throw invalidUser(`a password may have ${maxBytes} bytes (accounts.max-user-bytes)`);
}

export function invalidUser(detail: string): AppError {
  return new AppError(accountsErrors.invalidUser, detail);
}

function optionalText(key: string, value: unknown): string | null {
  if (value === null || value === '') return null;
  if (typeof value !== 'string') throw invalidUser(`'${key}' must be a string`);
  return value;
}
