// JavaScript, because Node would strip the types of a first file in TypeScript anew at every start, before any cache is on:
// that takes longer than all the rest of `--help`.
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const directory = cacheDirectory();
if (directory !== undefined) enableCompileCache(join(directory, 'wheelhouse', 'compiled'));
await import('./main.ts');

/** Of this user, not of the machine: whoever writes there decides what runs. */
function cacheDirectory() {
  try {
    return process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  } catch {
    // A user without a home, as in some containers.
    return undefined;
  }
}
