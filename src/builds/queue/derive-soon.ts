import { z } from 'zod';
import type { Db } from '#kernel/db/db.ts';
import { enqueue } from '#kernel/jobs/enqueue.ts';

/** The job that finds out what is to be built of a project. */
export const DERIVE_PROJECT = 'builds.derive-project';

export const DerivePayload = z.object({ index: z.number(), project: z.string() });

/** A project of an index of whose sdists wheels may be missing. */
export interface SourceProject {
  readonly indexId: number;
  /** Normalized. */
  readonly project: string;
}

/** Has it found out soon what is to be built of a project, in the transaction of what may have changed that. */
export async function deriveSoon(db: Db, now: number, { indexId, project }: SourceProject): Promise<void> {
  const payload = { index: indexId, project };
  await enqueue(db, now, { name: DERIVE_PROJECT, payload, key: `${DERIVE_PROJECT} ${indexId} ${project}` });
}
