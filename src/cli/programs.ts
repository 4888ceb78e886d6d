import type { Program } from './program.ts';

interface Entry {
  readonly name: string;
  load(): Promise<Program>;
}

/** The programs that Wheelhouse answers for, by the name of the link that it is called through. */
export const programs: readonly Entry[] = [
  { name: 'devpi-server', load: async () => (await import('./programs/devpi-server.ts')).program },
  { name: 'devpi-init', load: async () => (await import('./programs/devpi-init.ts')).program },
  { name: 'devpi-export', load: async () => (await import('./programs/devpi-export.ts')).program },
  { name: 'devpi-import', load: async () => (await import('./programs/devpi-import.ts')).program },
  { name: 'devpi-gen-config', load: async () => (await import('./programs/devpi-gen-config.ts')).program },
  { name: 'devpi-passwd', load: async () => (await import('./programs/devpi-passwd.ts')).program },
];

/** All names of links that mean something: of the programs, and of the client, which takes our own commands. */
export function oldNames(): readonly string[] {
  return ['devpi', ...programs.map(({ name }) => name)];
}
