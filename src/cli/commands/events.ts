import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand } from '../command.ts';
import { currentClient, serverOption } from '../current-client.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { flag, jsonOption, text } from '../options.ts';
import { printable } from '../printable.ts';

const SHOWN = 50;
const FOLLOW_MS = 1000;

export const command = defineCommand({
  summary: 'List what happened on a server, as far as you may read it',
  options: {
    user: text('user', 'What this user did, or what is about the user.'),
    type: text('type', 'A type of event, or a part of one, such as yank.'),
    index: text('index', 'What is about this index, USER/INDEX.'),
    project: text('project', 'What is about this project.'),
    since: text('when', 'From this time on: 7d, 2026-11-20, or behind a serial.'),
    until: text('when', 'Up to this time or serial.'),
    limit: text('count', `How many at most, the newest; default is ${SHOWN}.`),
    follow: { ...flag('Go on with what happens from now on, until Ctrl-C.'), short: 'f' },
    server: serverOption,
    json: { ...jsonOption, summary: 'Print JSON; with --follow one object a line.' },
  },
  examples: ['wheelhouse events --since 7d --type yank', 'wheelhouse events --index alice/prod --follow'],
  async run({ options: { server, json, follow, limit, ...filters } }) {
    const { operations } = await import('#packages/contract');
    const { printJson } = await import('../print-json.ts');
    const { printTable } = await import('../table.ts');
    const client = await currentClient(server, { isAnonymousEnough: true });
    const most = countOf(limit);
    const read = (query: Readonly<Record<string, string | number | undefined>>) =>
      client.call(operations.listEvents, { query: { ...filters, ...query } });

    const found: Event[] = [];
    let serial = 0;
    for (let before: number | undefined; ;) {
      const query = before === undefined ? { order: 'newest' } : { until: before - 1, order: 'newest' };
      const page = await read({ ...query, limit: Math.min(most - found.length, 1000) });
      serial ||= page.serial;
      found.push(...page.events);
      if (found.length >= most || page.scanned <= 1 || page.scanned === before) break;
      before = page.scanned;
    }
    const events = found.toReversed();
    if (json && !follow) printJson(events);
    else if (json) for (const event of events) process.stdout.write(`${JSON.stringify(event)}\n`);
    else if (follow) for (const event of events) process.stdout.write(lineOf(event));
    else {
      printTable(
        [
          { title: 'SERIAL', isWhole: true },
          { title: 'TIME', isWhole: true },
          { title: 'WHO' },
          { title: 'TYPE' },
          { title: 'WHAT' },
        ],
        events.map((event) => [event.serial, timeOf(event), event.actor ?? '', event.type, dataOf(event)]),
      );
      if (events.length === 0) process.stderr.write('nothing that fits\n');
    }
    if (!follow) return 0;
    for (let since = serial; ;) {
      await sleep(FOLLOW_MS);
      const page = await read({ since, limit: 1000 });
      for (const event of page.events)
        process.stdout.write(json ? `${JSON.stringify(event)}\n` : lineOf(event));
      since = page.scanned;
    }
  },
});

interface Event {
  readonly serial: number;
  readonly type: string;
  readonly actor: string | null;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function countOf(limit: string | undefined): number {
  if (limit === undefined) return SHOWN;
  if (/^[1-9]\d{0,6}$/.test(limit)) return Number(limit);
  throw new AppError(cliErrors.badArgument, `--limit must be a whole number from 1 on, not ${limit}`);
}

function timeOf({ at }: Event): string {
  return at.slice(0, 19).replace('T', ' ');
}

function dataOf({ data }: Event): string {
  return Object.entries(data)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

function lineOf(event: Event): string {
  const { serial, type, actor } = event;
  return `${printable(`${serial} ${timeOf(event)} ${actor ?? '-'} ${type} ${dataOf(event)}`)}\n`;
}
