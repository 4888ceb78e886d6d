import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../find-program.ts';

/**
 * The path by which shells find this very program under a name, which stays when a link leads to another version; else the
 * launcher of this version, told what it is called as.
 */
export function programWords(name: 'wheelhouse' | 'devpi-server'): readonly [string, ...string[]] {
  const launcher = join(dirname(dirname(process.argv[1] ?? '')), 'wheelhouse');
  const found = findProgram(name);
  if (found !== undefined && realpathSync(found) === realpathSync(launcher)) return [found];
  return name === 'wheelhouse' ? [launcher] : [launcher, '--called-as', name];
}
