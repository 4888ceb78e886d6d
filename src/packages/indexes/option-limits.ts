import type { Config } from '#kernel/config/kernel-settings.ts';
import { packagesConfig } from '../settings.ts';
import { invalid } from './options.ts';
import type { Options } from '../model/index.ts';

/** Throws 400, naming the setting, where options are more or longer than the settings let an index have. */
export function checkOptionLimits(config: Config, options: Options): void {
  const limits = packagesConfig(config);
  const maxBases = limits['packages.max-bases'];
  for (const [key, value] of Object.entries(options)) {
    if (!Array.isArray(value)) continue;
    if (key === 'bases' && value.length > maxBases) throw tooMany(key, maxBases, 'packages.max-bases');
    checkEntries(config, key, value);
  }
  const maxBytes = limits['packages.max-options-bytes'];
  if (Buffer.byteLength(JSON.stringify(options)) > maxBytes)
    throw invalid(`the options are larger than ${maxBytes} bytes together (packages.max-options-bytes)`);
}

/** Throws 400 if a list of an option, or of operations, has more entries than the settings allow. */
export function checkEntries(config: Config, what: string, entries: readonly unknown[]): void {
  const max = packagesConfig(config)['packages.max-option-entries'];
  if (entries.length > max) throw tooMany(what, max, 'packages.max-option-entries');
}

function tooMany(what: string, max: number, setting: string) {
  return invalid(`'${what}' has more than ${max} entries (${setting})`);
}
