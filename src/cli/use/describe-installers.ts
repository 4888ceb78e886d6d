import { printable } from '../printable.ts';
import type { Configured } from '../installers/set-installers.ts';

/** A line for each file of an installer; those that devpi-client does not know only where they name an index. */
export function describeInstallers(installers: readonly Configured[]): string {
  return installers
    .filter(({ isDevpis, index }) => isDevpis || index !== undefined)
    .map(({ path, exists, index }) => `${path}: ${exists ? described(index) : 'no config file exists'}\n`)
    .join('');
}

function described(index: string | undefined): string {
  if (index === undefined || index === '') return 'no index server configured';
  return printable(index.replace(/^(https?:\/\/[^/:@]*):[^/@]*@/, '$1:****@'));
}
