import { type Index, listOption } from '../model/index.ts';

/**
 * The entry of `mirror_reserved_names` that covers a project, if any: a name, or a prefix written `acme-*`. A mirror
 * never asks upstream about such a project, so that nobody can claim an internal name there first.
 */
export function findReservation(mirror: Index, project: string): string | undefined {
  return listOption(mirror, 'mirror_reserved_names').find((entry) =>
    entry.endsWith('*') ? project.startsWith(entry.slice(0, -1)) : project === entry,
  );
}
