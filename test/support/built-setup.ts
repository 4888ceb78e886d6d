import type { TestProject } from 'vitest/node';
import { makeGuardedDirectory } from './guarded-directory.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A directory for what several files of a run install; whoever needs it first builds it. */
    readonly built: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await makeGuardedDirectory();
  project.provide('built', directory.path);
  return async () => await directory[Symbol.asyncDispose]();
}
