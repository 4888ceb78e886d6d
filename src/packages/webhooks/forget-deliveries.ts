import type { JobHandler } from '#kernel/jobs/job-handler.ts';
import type { PackagesContext } from '../context.ts';
import { deleteEndedDeliveries, listAllWebhooks, trimDeliveries } from './store.ts';

const DAY_MS = 86_400_000;
const REMEMBER_MS = 30 * DAY_MS;
const KEPT = 1000;

/** The job that keeps of each webhook a thousand deliveries, and none that ended a month ago. */
export function forgetDeliveries({ db, clock }: PackagesContext): JobHandler {
  return {
    name: 'packages.forget-webhook-deliveries',
    everyMs: DAY_MS,
    async run() {
      await deleteEndedDeliveries(db, clock.now() - REMEMBER_MS);
      for (const { id } of await listAllWebhooks(db)) await trimDeliveries(db, id, KEPT);
    },
  };
}
