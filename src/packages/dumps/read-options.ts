import { defaultOptions, optionNames, parseOptions } from '../indexes/options.ts';
import type { IndexType, Options } from '../model/index.ts';

/** Options of an index that only other versions or plugins of devpi know. */
interface ReadOptions {
  readonly options: Options;
  readonly unknown: readonly string[];
}

/** What a mirror of an old server had and no mirror has now. */
const OF_STAGES = new Set([
  'bases',
  'acl_upload',
  'acl_toxresult_upload',
  'mirror_whitelist',
  'mirror_whitelist_inheritance',
  'pypi_whitelist',
]);

/**
 * The options of an index of a dump in the form in which they are stored. Those that nobody knows here are kept, as
 * devpi-import keeps those of plugins. An index without `mirror_whitelist_inheritance` is older than the option and behaves
 * as `union` (reference devpi.md 2.2). Throws `packages.invalid-index` with everything that is wrong.
 */
export function readOptions(
  type: IndexType,
  owner: string,
  { pypi_whitelist: oldWhitelist, uploadtrigger_jenkins: trigger, ...rest }: Options,
): ReadOptions {
  const given: Record<string, unknown> = {
    ...(oldWhitelist !== undefined && { mirror_whitelist: oldWhitelist }),
    ...(trigger !== undefined && trigger !== null && trigger !== '' && { uploadtrigger_jenkins: trigger }),
    ...(type === 'stage' && { mirror_whitelist_inheritance: 'union' }),
    ...withoutNulls(rest),
  };
  const known = new Set(optionNames[type]);
  const unknown = Object.keys(given).filter(
    (key) => !known.has(key) && key !== 'projects' && !(type === 'mirror' && OF_STAGES.has(key)),
  );
  const understood = Object.fromEntries(Object.entries(given).filter(([key]) => known.has(key)));
  const options = {
    ...defaultOptions(type, owner),
    ...parseOptions(type, understood),
    ...Object.fromEntries(unknown.map((key) => [key, given[key]])),
  };
  return { options, unknown };
}

/** Old servers wrote null for what was not set. */
function withoutNulls(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));
}
