import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

const Sealed = z.object({
  /** In the directory of the snapshot. */
  file: z.string().regex(/^[\w.-]+$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
});

/** A file of a snapshot, with what it must be. */
export type Sealed = z.infer<typeof Sealed>;

/** What a snapshot is: written last, so a snapshot that has one is whole. */
export const Manifest = z.object({
  format: z.literal('wheelhouse-backup-1'),
  createdAt: z.iso.datetime(),
  /** Of the program that took it. */
  version: z.string(),
  /** The server that it is of. */
  uuid: z.string().regex(/^[0-9a-f]{32}$/),
  /** What the store and the database know each other by. */
  filesId: z.string().regex(/^[0-9a-f]{32}$/),
  serial: z.number().int(),
  migrations: z.array(z.string()),
  database: Sealed.extend({ kind: z.enum(['sqlite', 'postgres']) }),
  /** The list of stored files, and what they are together. */
  files: Sealed.extend({ count: z.number().int(), bytes: z.number().int() }),
  /** `wheelhouse.yml`, where the server has one. */
  configuration: Sealed.nullable(),
  /** What was missing or damaged in the server already. */
  problems: z.array(z.object({ sha256: z.string(), detail: z.string() })),
});

export type Manifest = z.infer<typeof Manifest>;

/** A finished snapshot of a backup. */
export interface Snapshot {
  /** The time in it makes names sort. */
  readonly name: string;
  readonly path: string;
  readonly manifest: Manifest;
}

/** Hash and size of a file. */
export async function seal(directory: string, file: string): Promise<Sealed> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(join(directory, file)) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.byteLength;
  }
  return { file, sha256: hash.digest('hex'), size };
}

/** True if the file is what it was. */
export async function isIntact(directory: string, { file, sha256 }: Sealed): Promise<boolean> {
  const now = await seal(directory, file).catch(() => undefined);
  return now?.sha256 === sha256;
}

/** The names of the finished snapshots, oldest first. */
export async function listSnapshots(backup: string): Promise<string[]> {
  const names = await readdir(join(backup, 'snapshots')).catch(() => []);
  return names.filter((name) => /^\d{4}-[\dTZ-]+$/.test(name)).toSorted();
}

/** Reads one; throws `kernel.backup-unusable` if it has no manifest, or one that cannot be read. */
export async function readSnapshot(backup: string, name: string): Promise<Snapshot> {
  const path = join(backup, 'snapshots', name);
  try {
    const manifest = Manifest.parse(JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')));
    return { name, path, manifest };
  } catch (cause) {
    throw new AppError(kernelErrors.backupUnusable, `${path} has no manifest that can be read`, { cause });
  }
}

/** The digests and sizes that a snapshot needs, ordered by digest. */
export async function* readFileList({
  path,
  manifest,
}: Snapshot): AsyncGenerator<{ sha256: string; size: number }> {
  const list = await open(join(path, manifest.files.file));
  for await (const line of list.readLines()) {
    const [sha256 = '', size] = line.split(' ');
    yield { sha256, size: Number(size) };
  }
}
