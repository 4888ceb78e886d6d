import { chmodSync } from 'node:fs';

/** A directory in which this process can make no file: `directory` without its permission, or what denies even root. */
export function unwritableDirectory(directory: string): string {
  if (process.getuid?.() === 0) return '/sys';
  chmodSync(directory, 0o500);
  return directory;
}
