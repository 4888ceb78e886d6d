import { createHash } from 'node:crypto';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { Files } from '../files/files.ts';
import type { Progress } from '../progress.ts';
import { isIntact, listSnapshots, readFileList, readSnapshot, type Snapshot } from './manifest.ts';
import { openBackup } from './open-backup.ts';

/** What was found of one snapshot. */
export interface VerifiedSnapshot {
  readonly snapshot: string;
  readonly createdAt: string | null;
  readonly files: number;
  readonly bytes: number;
  /** In sentences; none if it can be restored whole. */
  readonly problems: readonly string[];
}

const READ_BYTES = 1024 ** 2;

/**
 * Reads everything that snapshots need, each file once, and compares it with its hash. With `repair` wrong bytes are
 * removed, so that the next backup copies them again; otherwise nothing changes.
 */
export async function verifyBackup(
  directory: string,
  { repair, progress }: { readonly repair: boolean; readonly progress: Progress },
): Promise<VerifiedSnapshot[]> {
  const backup = await openBackup(directory);
  try {
    const names = await listSnapshots(directory);
    if (names.length === 0) {
      throw new AppError(kernelErrors.backupUnusable, `${directory} has no finished snapshot`);
    }
    progress.step('reading the backup');
    const looked = new Looked(backup.files, progress);
    const verified: VerifiedSnapshot[] = [];
    for (const name of names) verified.push(await verify(directory, name, looked));
    if (repair) for (const sha256 of looked.damaged) await backup.files.remove(sha256, Infinity);
    return verified;
  } finally {
    await backup.close();
  }
}

async function verify(directory: string, name: string, looked: Looked): Promise<VerifiedSnapshot> {
  let snapshot: Snapshot;
  try {
    snapshot = await readSnapshot(directory, name);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { snapshot: name, createdAt: null, files: 0, bytes: 0, problems: [error.message] };
  }
  const { manifest, path } = snapshot;
  const problems: string[] = [];
  for (const sealed of [manifest.database, manifest.files, manifest.configuration]) {
    if (sealed === null || (await isIntact(path, sealed))) continue;
    problems.push(`${sealed.file} is missing or damaged`);
  }
  const known = new Map(manifest.problems.map(({ sha256, detail }) => [sha256, detail]));
  if (problems.length === 0) {
    for await (const { sha256 } of readFileList(snapshot)) {
      const problem = await looked.at(sha256);
      if (problem === undefined) continue;
      const detail = known.get(sha256);
      problems.push(detail === undefined ? `${sha256}: ${problem}` : `${detail}, in the server already`);
    }
  }
  const { count: files, bytes } = manifest.files;
  return { snapshot: name, createdAt: manifest.createdAt, files, bytes, problems };
}

/** Files of several snapshots are read once. */
class Looked {
  readonly #files: Files;
  readonly #progress: Progress;
  readonly #sound = new Set<string>();
  readonly #problems = new Map<string, string>();

  constructor(files: Files, progress: Progress) {
    this.#files = files;
    this.#progress = progress;
  }

  get damaged(): Iterable<string> {
    return this.#problems.keys();
  }

  /** What is wrong with the bytes. */
  async at(sha256: string): Promise<string | undefined> {
    if (this.#sound.has(sha256)) return undefined;
    const known = this.#problems.get(sha256);
    if (known !== undefined) return known;
    const found = await findProblem(this.#files, sha256);
    if (found === undefined) this.#sound.add(sha256);
    else this.#problems.set(sha256, found);
    this.#progress.count(this.#sound.size + this.#problems.size);
    return found;
  }
}

async function findProblem(files: Files, sha256: string): Promise<string | undefined> {
  const open = await files.open(sha256).catch(() => undefined);
  if (open === undefined) return 'the bytes are missing';
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let read = await open.next(buffer); read.byteLength > 0; read = await open.next(buffer))
      hash.update(read);
    return hash.digest('hex') === sha256 ? undefined : 'the hash does not match';
  } finally {
    open.release();
  }
}
