import { open } from 'node:fs/promises';
import { openZip } from '#python/archives/zip/zip.ts';
import type { BuiltWheel } from './check-wheels.ts';

type Compared = Pick<BuiltWheel, 'path' | 'filename' | 'sha256'>;

const MAX_TOLD = 20;

/** What differs between the wheels of two builds of one sdist, a sentence each; nothing where every byte is the same. Only the first differences are told. */
export async function compareWheels(
  first: readonly Compared[],
  second: readonly Compared[],
): Promise<string[]> {
  const others = new Map(second.map((wheel) => [wheel.filename, wheel]));
  const differences: string[] = [];
  for (const wheel of first) {
    const other = others.get(wheel.filename);
    if (other === undefined) differences.push(`the second build makes no ${wheel.filename}`);
    else if (other.sha256 !== wheel.sha256)
      differences.push(...(await compareMembers(wheel.path, other.path)));
  }
  if (differences.length <= MAX_TOLD) return differences;
  return [...differences.slice(0, MAX_TOLD), `${differences.length - MAX_TOLD} more differ`];
}

async function compareMembers(first: string, second: string): Promise<string[]> {
  const [before, after] = await Promise.all([readDigests(first), readDigests(second)]);
  const names = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  if (names.length === 0) return ['times, modes or the order of members differ'];
  return names.map((name) => {
    if (!before.has(name)) return `${name} is in the second wheel only`;
    return after.has(name) ? `${name} differs` : `${name} is in the first wheel only`;
  });
}

async function readDigests(path: string): Promise<Map<string, string>> {
  await using handle = await open(path);
  const { size } = await handle.stat();
  const read = async (into: Buffer, position: number) =>
    (await handle.read(into, 0, into.byteLength, position)).bytesRead;
  const zip = await openZip({ size, read });
  const digests = new Map<string, string>();
  for (const entry of zip.entries)
    digests.set(entry.name, entry.isDirectory ? '' : (await zip.hashEntry(entry)).toString('hex'));
  return digests;
}
