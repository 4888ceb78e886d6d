import { join } from 'node:path';
import { runChecked } from './run-command.ts';

const root = join(import.meta.dirname, '..', '..');

/** Builds the wheel of this checkout into a directory, and returns its path. */
export async function buildWheel(directory: string): Promise<string> {
  const { stdout } = await runChecked([process.execPath, join(root, 'tools', 'build-wheel.ts'), directory]);
  return stdout.trim();
}
