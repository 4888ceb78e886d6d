import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { environment } from '#kernel/config/environment.ts';

/** The absolute path of a program that shells would find by this name, or that lies in the directory that is given instead. */
export function findProgram(name: string, directory?: string): string | undefined {
  const places = directory === undefined ? (environment['PATH'] ?? '').split(delimiter) : [directory];
  return places
    .filter((place) => place !== '')
    .map((place) => join(place, name))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
