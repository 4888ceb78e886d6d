import type { Program } from './program.ts';

interface Entry {
  readonly name: string;
  load(): Promise<Program>;
}

/** The programs that Wheelhouse answers for, by the name of the link that it is called through. */
export const programs: readonly Entry[] = [
  { name: 'devpi-server', load: async () => (await import('./programs/devpi-server.ts')).program },
  { name: 'devpi-init', load: async () => (await import('./programs/devpi-init.ts')).program },
];
