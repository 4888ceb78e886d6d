import { z } from 'zod';
import { Secret } from './secret.ts';

/** One setting: everything that flags, environment, file, validation and the reference page need to know. */
export interface Setting {
  /** The key in `wheelhouse.yml`; a part's settings begin with its name, such as `packages.max-upload-bytes`. */
  readonly name: string;
  /** Its error begins with "must be". */
  readonly type: z.ZodType;
  readonly default: unknown;
  /** What the reference page shows when the default depends on the machine. */
  readonly shownDefault?: string;
  readonly isSecret?: boolean;
  readonly sentence: string;
  /** Variables that other programs read it from; they count where `WHEELHOUSE_…` is not set, the first one first. */
  readonly variables?: readonly string[];
}

/** The values of some settings: one for each, keyed by its name. */
export type ConfigOf<Settings extends readonly Setting[]> = {
  readonly [Each in Settings[number] as Each['name']]: z.output<Each['type']>;
};

/** `packages.max-upload-bytes` is `WHEELHOUSE_PACKAGES_MAX_UPLOAD_BYTES` in the environment. */
export function environmentName(setting: string): string {
  return `WHEELHOUSE_${setting.toUpperCase().replace(/[.-]/g, '_')}`;
}

export const flag = z.union(
  [z.boolean(), z.stringbool({ truthy: ['true', 'yes', '1', 'on'], falsy: ['false', 'no', '0', 'off'] })],
  { error: 'must be yes or no' },
);

export const text = z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' });

/** Text that is never printed. */
export const secret = text.transform((value) => new Secret(value));

export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const error = `must be a whole number ${range}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

export function positive(max: number = Number.MAX_SAFE_INTEGER) {
  const error =
    max === Number.MAX_SAFE_INTEGER ? 'must be a number above 0' : `must be a number above 0, ${max} at most`;
  return z.coerce.number({ error }).positive({ error }).max(max, { error });
}

export function oneOf<const Names extends readonly string[]>(...names: Names) {
  return z.enum(names, { error: `must be one of ${names.join(', ')}` });
}
