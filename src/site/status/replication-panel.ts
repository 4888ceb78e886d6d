import type { Context } from '#kernel/context.ts';
import type { PollingReplica } from '#kernel/replication/polling-replicas.ts';
import type { Replica } from '#kernel/replication/replica.ts';
import { state } from '#web/components/badge.ts';
import { facts } from '#web/components/columns.ts';
import { table } from '#web/components/table.ts';
import { formatCount } from '#web/components/tabs.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { StatusPanel } from '#web/panels.ts';

/** A replica asks every few seconds; after so long it is worth a word. */
const SILENT_MS = 60_000;

/** How far a replica is behind its primary, or a primary's replicas behind it; nothing where neither is there. */
export function replicationPanel({ replica, replicas, events, clock }: Context): StatusPanel {
  return {
    title: 'Replication',
    async load() {
      if (replica !== undefined) return ofReplica(replica);
      const followers = replicas.list();
      if (followers.length === 0) return undefined;
      const silent = followers.filter(({ askedAt }) => clock.now() - askedAt > SILENT_MS);
      return {
        state: silent.length === 0 ? 'good' : 'warning',
        ...(silent.length > 0 && {
          trouble: `${silent.length} ${silent.length === 1 ? 'replica has' : 'replicas have'} not asked for a minute.`,
        }),
        body: table({
          caption: 'Replicas of this server',
          rows: followers,
          columns: [
            {
              label: 'Replica',
              cell: ({ outsideUrl, address }: PollingReplica) => foreign(outsideUrl ?? address),
            },
            { label: 'Missing events', cell: ({ serial }) => missing(events.serial - serial), align: 'end' },
            { label: 'Asked last', cell: ({ askedAt }) => time(askedAt) },
          ],
        }),
      };
    },
  };
}

function ofReplica(replica: Replica): Awaited<ReturnType<StatusPanel['load']>> {
  const status = replica.status();
  const trouble = status.isDiverged
    ? 'This replica has parted from its primary: see the log.'
    : status.isInSync
      ? undefined
      : 'This replica does not have everything that its primary has.';
  return {
    state: status.isDiverged ? 'bad' : status.isInSync ? 'good' : 'warning',
    ...(trouble !== undefined && { trouble }),
    body: facts([
      ['Primary', foreign(replica.primaryUrl)],
      ['Missing events', missing(status.missing)],
      ['Had everything', momentOf(status.inSyncAt)],
      ['Primary answered', momentOf(status.contactedAt)],
      [
        'Files',
        replica.fetches === 'all'
          ? `all; ${formatCount(status.filesWaiting)} waiting`
          : 'fetched when they are asked for',
      ],
      status.trouble !== undefined && [
        'Trouble',
        html`${state('warning', 'does not follow')} ${foreign(status.trouble)}`,
      ],
    ]),
  };
}

function missing(count: number): string {
  return count <= 0 ? 'none' : formatCount(count);
}

function momentOf(at: number | undefined): Html {
  return at === undefined ? html`<span class="mute">not yet</span>` : time(at);
}
