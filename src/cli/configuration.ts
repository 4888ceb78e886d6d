import { environment } from '#kernel/config/environment.ts';
import { readConfig } from '#kernel/config/read-config.ts';
import type { Setting } from '#kernel/config/setting.ts';
import { parts, settingsOf, type FullConfig, type SettingName } from '../parts.ts';

/** The settings that a command takes as flags. */
export function acceptedSettings(names: readonly string[]): readonly Setting[] {
  return settingsOf(parts).filter(({ name }) => names.includes(name));
}

/** The configuration of this program: from flags, by setting name, the environment and the file. */
export function readFullConfig(
  flags: Readonly<Record<string, unknown>>,
  file?: string,
  defaults: Readonly<Partial<Record<SettingName, unknown>>> = {},
): FullConfig {
  // Every setting of every part was read, so every value is there.
  return readConfig(settingsOf(parts), {
    flags,
    environment,
    defaults,
    ...(file !== undefined && { file }),
  }) as FullConfig;
}
