import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { measureDatabase, type DatabaseMeasure } from '#kernel/db/measure-database.ts';
import type { Identity } from '#kernel/identity.ts';
import { countJobStates } from '#kernel/jobs/measure-jobs.ts';
import type { PackagesContext } from '../context.ts';
import { listIndexes } from '../indexes/store.ts';
import type { MirrorStatistics } from '../mirror/statistics.ts';
import { countKept, upstreamOf } from '../mirror/store.ts';
import { fullName } from '../model/index.ts';
import { mayRead } from '../policy.ts';
import { countContents } from '../projects/store.ts';
import { packagesConfig } from '../settings.ts';

/** What this process keeps in memory. */
export interface Caches {
  readonly pages: { readonly hits: number; readonly misses: number; readonly bytes: number };
  readonly files: { readonly bytes: number };
}

/** How the server is; times in ISO 8601, what is limited with its limit. */
export interface Status {
  readonly contents: Awaited<ReturnType<typeof countContents>>;
  readonly database: DatabaseMeasure;
  readonly store: { readonly bytes: number; readonly freeBytes: number; readonly diskBytes: number };
  readonly cache: {
    readonly pages: Caches['pages'] & { readonly maxBytes: number };
    readonly files: Caches['files'] & { readonly maxBytes: number };
    readonly mirrored: { readonly bytes: number; readonly maxBytes: number | null };
  };
  readonly jobs: Awaited<ReturnType<typeof countJobStates>>;
  readonly isOffline: boolean;
  /** Counted since this process began. */
  readonly statistics: MirrorStatistics;
  readonly mirrors: readonly MirrorStatus[];
}

export interface MirrorStatus {
  readonly index: string;
  /** Without credentials. */
  readonly upstream: string;
  readonly projects: number;
  readonly files: number;
  readonly bytes: number;
  /** By this process. */
  readonly lastAnswer: string | null;
  readonly lastFailure: string | null;
  readonly failure: string | null;
  /** When it will be asked again. */
  readonly pausedUntil: string | null;
}

/** Measures the server, with the mirrors that this reader may read. */
export async function readStatus(
  context: PackagesContext,
  caches: Caches,
  identity: Identity,
): Promise<Status> {
  const { db, config } = context;
  const limits = packagesConfig(config);
  const contents = await countContents(db);
  const kept = await countKept(db);
  const keptBytes = [...kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const disk = await statfs(config['files-directory'] ?? join(config.serverdir, 'files'));
  const { hits, misses, bytes } = caches.pages;
  return {
    contents,
    database: await measureDatabase(db, context.dialect),
    store: {
      bytes: contents.bytes + keptBytes,
      freeBytes: disk.bavail * disk.bsize,
      diskBytes: disk.blocks * disk.bsize,
    },
    cache: {
      pages: { hits, misses, bytes, maxBytes: limits['packages.page-cache-bytes'] },
      files: { bytes: caches.files.bytes, maxBytes: limits['packages.file-cache-bytes'] },
      mirrored: { bytes: keptBytes, maxBytes: limits['packages.mirror-cache-bytes'] ?? null },
    },
    jobs: await countJobStates(db, context.clock.now()),
    isOffline: config.offline,
    statistics: { ...context.packages.mirrors.statistics },
    mirrors: (await listIndexes(db))
      .filter((index) => index.type === 'mirror' && mayRead(context, identity, index))
      .map((index) => {
        const { answeredAt, failedAt, failure, pausedUntil } = context.packages.mirrors.health(index);
        return {
          index: fullName(index),
          upstream: upstreamOf(index),
          ...(kept.get(index.id) ?? { projects: 0, files: 0, bytes: 0 }),
          lastAnswer: iso(answeredAt),
          lastFailure: iso(failedAt),
          failure: failure ?? null,
          pausedUntil: iso(pausedUntil),
        };
      }),
  };
}

function iso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
