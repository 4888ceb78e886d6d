import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianPath } from './clients.ts';

/**
 * Writes a program `crontab` into a directory, whose table is a file beside it, and returns the path of that. Tables are checked by the
 * real one; the table of who runs the tests stays as it is, also when they are killed.
 */
export async function writeOwnCrontab(directory: string): Promise<string> {
  const table = join(directory, 'crontab.table');
  const script = `#!/bin/sh
if [ "$1" = -l ]; then
  [ -e '${table}' ] || { echo "no crontab for $(id -un)" >&2; exit 1; }
  exec cat '${table}'
fi
'${debianPath('crontab')}' -n "$1" >&2 && cp "$1" '${table}'
`;
  await writeFile(join(directory, 'crontab'), script, { mode: 0o755 });
  return table;
}
