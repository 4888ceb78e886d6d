import { join } from 'node:path';
import type { Config } from '../config/kernel-settings.ts';

/** Where the stored files of a server are. */
export function filesDirectory(config: Pick<Config, 'serverdir' | 'files-directory'>): string {
  return config['files-directory'] ?? join(config.serverdir, 'files');
}
