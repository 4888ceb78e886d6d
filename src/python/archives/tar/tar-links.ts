import { setImmediate } from 'node:timers/promises';
import { nameProblem } from '../member-name.ts';
import { demand, quoted } from '../../archive-rejected.ts';
import type { TarMember } from './tar.ts';

const PAUSE_NAMES = 1000;
const MAX_LINKS = 2000;
const MAX_HOPS = 8;
const MAX_TARGET_LENGTH = 1024;

/**
 * Rejects links that lead out of the tree of the archive, also by way of other links, and members that lie below a
 * symbolic link. `names` holds all members, `files` the regular ones.
 */
export async function checkLinks(
  names: ReadonlySet<string>,
  files: ReadonlySet<string>,
  links: readonly TarMember[],
): Promise<void> {
  if (links.length === 0) return;
  demand(
    links.length <= MAX_LINKS,
    'archive.too-many-entries',
    () => `the archive has more than ${MAX_LINKS} links`,
  );
  const targets = new Map<string, string>();
  for (const { kind, name, target = '' } of links) if (kind === 'symbolic-link') targets.set(name, target);
  let count = 0;
  for (const name of names) {
    count++;
    if (count % PAUSE_NAMES === 0) await setImmediate();
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      const parent = name.slice(0, at);
      demand(
        !targets.has(parent),
        'tar.member-below-link',
        () => `${quoted(name)} lies below the symbolic link ${quoted(parent)}`,
      );
    }
  }
  for (const link of links) {
    if (link.kind === 'symbolic-link') checkSymbolicLink(link, targets);
    else checkHardLink(link, files);
  }
}

function checkHardLink({ name, target = '' }: TarMember, files: ReadonlySet<string>): void {
  const path = target.startsWith('./') ? target.slice(2) : target;
  demand(
    nameProblem(path) === undefined && files.has(path),
    'tar.link',
    () => `${quoted(name)} is a hard link to ${quoted(target)}, which is not a file of the archive`,
  );
}

// Walks along the target as the file system would. Popping the top directory means leaving the tree.
function checkSymbolicLink({ name, target = '' }: TarMember, targets: ReadonlyMap<string, string>): void {
  const leaves = (condition: boolean): void =>
    demand(
      !condition,
      'tar.link',
      () => `${quoted(name)} is a link out of the archive, to ${quoted(target)}`,
    );
  const place = name.split('/').slice(0, -1);
  const todo = segmentsOf(target);
  leaves(!isPlainTarget(target));
  for (let hops = 0; todo.length > 0;) {
    const segment = todo.shift() ?? '';
    if (segment === '..') place.pop();
    else place.push(segment);
    leaves(place.length === 0);
    const next = targets.get(place.join('/'));
    if (next === undefined) continue;
    hops++;
    demand(hops <= MAX_HOPS, 'tar.link', () => `${quoted(name)} leads through too many links`);
    leaves(!isPlainTarget(next));
    place.pop();
    todo.unshift(...segmentsOf(next));
  }
}

function isPlainTarget(target: string): boolean {
  return (
    target !== '' &&
    target.length <= MAX_TARGET_LENGTH &&
    !target.startsWith('/') &&
    !/[\\\0]|^[A-Za-z]:/.test(target)
  );
}

function segmentsOf(target: string): string[] {
  return target
    .slice(0, MAX_TARGET_LENGTH)
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
}
