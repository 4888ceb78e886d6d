import { z } from 'zod';
import type { Tx } from '#kernel/db/db.ts';
import { enqueue } from '#kernel/jobs/enqueue.ts';
import type { JobHandler } from '#kernel/jobs/job-handler.ts';
import type { PackagesContext } from '../context.ts';
import { findReleaseById, type Release } from '../projects/store.ts';
import { descriptionOf } from './description-source.ts';

const NAME = 'packages.render-description';
const Payload = z.object({ release: z.number() });

/** Has the description of a release rendered before somebody looks at it. */
export async function renderSoon(tx: Tx, now: number, { id }: Release): Promise<void> {
  await enqueue(tx, now, { name: NAME, payload: { release: id }, key: `${NAME} ${id}` });
}

/** The job; it may find that the release has gone, or that its description is there. */
export function renderUploaded({ db, packages }: PackagesContext): JobHandler {
  return {
    name: NAME,
    queue: { name: 'descriptions', slots: 1 },
    async run(payload) {
      const release = await findReleaseById(db, Payload.parse(payload).release);
      if (release !== undefined) await packages.descriptions.make(descriptionOf(release.metadata));
    },
  };
}
