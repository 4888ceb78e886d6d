import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { runChecked } from './run-command.ts';

const root = join(import.meta.dirname, '..', '..');

/** The directory with the wheel of this checkout, which is built once in a run. */
export async function builtWheels(): Promise<string> {
  const directory = join(inject('built'), 'wheels');
  if (existsSync(directory)) return directory;
  await runChecked([process.execPath, join(root, 'tools', 'build-wheel.ts'), `${directory}.part`]);
  await rename(`${directory}.part`, directory);
  return directory;
}
