import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { stillThere } from '#accounts';
import { readEvents, type PackagesContext } from '#packages';
import { AppError } from '#kernel/errors/app-error.ts';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import { route } from '#kernel/http/route.ts';
import type { Identity } from '#kernel/identity.ts';
import type { StreamMessage } from '#web/page.ts';
import { page } from '#web/serving/routes.ts';
import { pageOperations } from '../page-operations.ts';
import { listVisible } from './list-visible.ts';
import { eventsPage, newLine } from './pages.ts';
import { readFilter } from './read-filter.ts';

const LOOK_MS = 1000;
const MOST_NEW = 100;
const MOST_EXPORTED = 10_000;

/** The page of the events, its live line, and the files to take away. */
export function eventPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  const wordsOf = (type: string) => context.web.wordsOf(type);

  page(app, context, pageOperations.showEvents, async ({ identity, query, url }) => {
    const { q = '', before } = query as Readonly<Record<string, string | undefined>>;
    const head = context.events.serial;
    const shared = { q, here: url, wordsOf, head, isNewest: before === undefined };
    try {
      const filter = readFilter({ q, ...(before !== undefined && { before }) }, context.clock.now());
      const { events, scanned, hasMore } = await listVisible(context, identity, filter);
      return eventsPage({ ...shared, events, olderBefore: hasMore ? scanned : undefined });
    } catch (error) {
      if (!(error instanceof AppError) || error.kind.status !== 400) throw error;
      const problem = error.message.replace('query parameter ', '');
      return eventsPage({ ...shared, events: [], olderBefore: undefined, problem });
    }
  });

  page(app, context, pageOperations.followEvents, async ({ identity, query }) => {
    const { q = '', after = '' } = query as Readonly<Record<string, string | undefined>>;
    const from = /^\d{1,15}$/.test(after) ? Number(after) : context.events.serial;
    return { stream: (signal) => follow(identity, { q, from }, signal) };
  });

  async function* follow(
    identity: Identity,
    { q, from }: { readonly q: string; readonly from: number },
    signal: AbortSignal,
  ): AsyncGenerator<StreamMessage> {
    let seen = from;
    const whoIsThere = stillThere(context, identity);
    for (;;) {
      const reader = await whoIsThere();
      if (signal.aborted || reader === undefined) return;
      if (context.events.serial > seen) {
        seen = context.events.serial;
        const filter = readFilter({ q, limit: String(MOST_NEW) }, context.clock.now());
        const { events } = await readEvents(context, reader, { ...filter, since: { serial: from } });
        const href = `/+events${q === '' ? '' : `?q=${encodeURIComponent(q)}`}`;
        if (events.length > 0) yield { html: newLine(events.length, events.length === MOST_NEW, href) };
      }
      await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  route(app, pageOperations.exportEvents, async ({ identity, query }, _params, reply) => {
    const { q = '', format } = query as Readonly<Record<string, string | undefined>>;
    const filter = readFilter({ q, limit: '1000' }, context.clock.now());
    const { events } = await listVisible(context, identity, { ...filter, limit: MOST_EXPORTED });
    const isCsv = format === 'csv';
    const name = isCsv ? 'events.csv' : 'events.json';
    await reply
      .header('cache-control', 'private, no-store')
      .header('content-disposition', `attachment; filename="${name}"`)
      .header('content-type', isCsv ? 'text/csv; charset=utf-8' : 'application/json')
      .send(isCsv ? csvOf(events) : `${JSON.stringify(events.map(told), null, 2)}\n`);
  });
}

function told({ about: _about, at, ...event }: StoredEvent) {
  return { ...event, at: new Date(at).toISOString() };
}

function csvOf(events: readonly StoredEvent[]): string {
  const rows = events
    .map(told)
    .map((event) => [
      String(event.serial),
      event.at,
      event.type,
      event.actor ?? '',
      JSON.stringify(event.data),
    ]);
  return [['serial', 'at', 'type', 'actor', 'data'], ...rows]
    .map((row) => `${row.map(quoted).join(',')}\r\n`)
    .join('');
}

/** As spreadsheets read it; what they would take for a formula gets an apostrophe. */
function quoted(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
