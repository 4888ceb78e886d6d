import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { createAuthorize, definePolicy, isRoot, type AnySubject } from '#accounts';
import { readConfig } from '#kernel/config/read-config.ts';
import { wholeNumber, type Setting } from '#kernel/config/setting.ts';
import type { Db } from '#kernel/db/db.ts';
import { AppError, defineErrors } from '#kernel/errors/app-error.ts';
import { defineEvents } from '#kernel/events/event-type.ts';
import { listEvents } from '#kernel/events/events.ts';
import { checkFiles } from '#kernel/files/check-files.ts';
import type { Operation } from '#kernel/http/operation.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import { enqueue } from '#kernel/jobs/enqueue.ts';
import type { OpenPart, Part } from '#kernel/part.ts';
import { silentProgress } from '#kernel/progress.ts';
import { basic, ROOT } from './support/app.ts';
import { TestClock } from './support/clock.ts';
import { makeTemporaryDirectory } from './support/temporary-directory.ts';
import { parts, settingsOf } from '../src/parts.ts';
import { openInstallation, startServer } from '../src/wiring.ts';
import { renderReference } from '../tools/reference/pages.ts';

type NotesTables = { note: { sha256: string; size: number; is_checked: number } };

const notes = (db: Db) => db.withTables<NotesTables>();

const settings = [
  { name: 'notes.max-bytes', type: wholeNumber(1), default: 20, sentence: 'The longest note.' },
] as const satisfies readonly Setting[];

const errors = defineErrors('notes', {
  tooLong: { status: 413, title: 'The note is too long', meaning: 'A note has more bytes than the limit.' },
});

const events = defineEvents('notes', {
  noteWritten: { meaning: 'Somebody wrote a note.', data: z.object({ sha256: z.string() }) },
});

const operations = {
  writeNote: {
    method: 'PUT',
    path: '/+notes/:text',
    permission: 'notes.write',
    subject: 'server',
    summary: 'Write a note.',
    response: z.object({ sha256: z.string() }),
  },
} as const satisfies Record<string, Operation>;

const policy = definePolicy<'notes.write', AnySubject>({
  'notes.write': { rule: isRoot, refuse: () => 'only root may write notes' },
});

/** A part of a few lines that brings one of everything. */
function notesPart(more: Partial<OpenPart> = {}): Part {
  return {
    name: 'notes',
    settings,
    errors,
    events,
    operations,
    policy,
    load: async () => ({
      migrations: [
        {
          name: '9000-notes',
          async up({ tx }) {
            await tx.schema
              .createTable('note')
              .addColumn('sha256', 'text', (column) => column.primaryKey())
              .addColumn('size', 'integer', (column) => column.notNull())
              .addColumn('is_checked', 'integer', (column) => column.notNull())
              .execute();
          },
        },
      ],
      storedBytes: [{ table: 'note', sha256: 'sha256', size: 'size', name: 'sha256' }],
      async open(context) {
        return {
          ...more,
          authorize: createAuthorize(context, policy, { server: async () => ({}) }),
          jobs: [
            {
              name: 'notes.check',
              async run(payload) {
                const { sha256 } = z.object({ sha256: z.string() }).parse(payload);
                await notes(context.db)
                  .updateTable('note')
                  .set({ is_checked: 1 })
                  .where('sha256', '=', sha256)
                  .execute();
              },
            },
          ],
          declareRoutes(app) {
            route(app, operations.writeNote, async (request, { text }, reply) => {
              const { 'notes.max-bytes': max } = context.config as unknown as { 'notes.max-bytes': number };
              if (text.length > max)
                throw new AppError(errors.tooLong, `a note has ${max} bytes (notes.max-bytes)`);
              const incoming = await context.files.receive();
              await incoming.write(Buffer.from(text));
              const { sha256 } = await incoming.finish();
              await incoming.keep();
              await context.events.change(async (tx, emit) => {
                await notes(tx)
                  .insertInto('note')
                  .values({ sha256, size: text.length, is_checked: 0 })
                  .execute();
                await enqueue(tx, context.clock.now(), { name: 'notes.check', payload: { sha256 } });
                emit(events.noteWritten, { actor: request.identity.user ?? null, data: { sha256 } });
              });
              await sendJson(reply, { sha256 });
            });
          },
        };
      },
    }),
  };
}

async function start(more: Partial<OpenPart> = {}) {
  const directory = await makeTemporaryDirectory();
  onTestFinished(() => directory[Symbol.asyncDispose]());
  const all = [...parts, notesPart(more)];
  const flags = {
    serverdir: join(directory.path, 'server'),
    port: 0,
    host: '127.0.0.1',
    offline: true,
    'accounts.argon2-memory-kib': 64,
  };
  const config = readConfig(settingsOf(all), { flags, environment: {} });
  const clock = new TestClock();
  const server = await startServer(config, pino({ level: 'silent' }), { parts: all, clock });
  onTestFinished(() => server.close());
  return { ...server, clock };
}

test('a part of a few lines brings an operation with a permission, a table, an event, a job and a setting', async () => {
  const { url, context } = await start();
  const write = async (text: string, headers = {}) =>
    await fetch(`${url}/+notes/${text}`, { method: 'PUT', headers });

  expect((await write('hello')).status).toBe(403);
  const written = await write('hello', { authorization: basic(ROOT) });
  expect(written.status).toBe(200);
  const { sha256 } = (await written.json()) as { sha256: string };

  expect((await listEvents(context.db, 0, 100)).at(-1)).toMatchObject({
    type: 'notes.note-written',
    actor: 'root',
    data: { sha256 },
  });
  await vi.waitFor(
    async () =>
      expect(await notes(context.db).selectFrom('note').selectAll().execute()).toEqual([
        { sha256, size: 5, is_checked: 1 },
      ]),
    { timeout: 10_000 },
  );
  const refused = await write('x'.repeat(21), { authorization: basic(ROOT) });
  expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining('notes.max-bytes')]);
});

test('its file stays while a row needs it, and goes with the row', async () => {
  const { url, context, clock } = await start();
  const stored = () =>
    readdirSync(join(context.config.serverdir, 'files'), { recursive: true, encoding: 'utf8' }).join('\n');
  const keep = async (text: string) => {
    const incoming = await context.files.receive();
    await incoming.write(Buffer.from(text));
    const { sha256 } = await incoming.finish();
    await incoming.keep();
    return sha256.slice(-40);
  };
  const authorization = basic(ROOT);
  const written = await fetch(`${url}/+notes/hello`, { method: 'PUT', headers: { authorization } });
  const note = ((await written.json()) as { sha256: string }).sha256.slice(-40);
  const unneeded = await keep('needed by nobody');
  expect(stored()).toContain(note);
  expect(stored()).toContain(unneeded);

  // Each look is days later: the bytes are as old as this machine's clock says.
  const goes = async (digest: string) =>
    await vi.waitFor(
      () => {
        clock.advance(3 * 86_400_000);
        expect(stored()).not.toContain(digest);
      },
      { timeout: 20_000, interval: 200 },
    );
  await goes(unneeded);
  expect(stored()).toContain(note);

  await notes(context.db).deleteFrom('note').execute();
  await goes(note);
});

test('the doctor looks for its file', async () => {
  const { url, context } = await start();
  const authorization = basic(ROOT);
  const written = await fetch(`${url}/+notes/hello`, { method: 'PUT', headers: { authorization } });
  const { sha256 } = (await written.json()) as { sha256: string };
  const check = async () => {
    const installation = await openInstallation(context.config, context.log, {
      mayShare: true,
      parts: [...parts, notesPart()],
    });
    const { files } = installation.context;
    const options = { checksum: true };
    const { stored, findNeeded } = installation;
    const problems = await Array.fromAsync(checkFiles(files, stored, findNeeded, silentProgress, options));
    await installation.close();
    return problems;
  };

  expect(await check()).toEqual([]);
  await context.files.remove(sha256, Infinity);
  expect(await check()).toEqual([
    { code: 'missing-bytes', sha256, detail: `${sha256}: the bytes are missing` },
  ]);
});

test('the reference documents it', async () => {
  const pages = await renderReference([...parts, notesPart()]);

  expect(pages.get('docs/reference/config.md')).toContain('## notes.max-bytes');
  expect(pages.get('docs/reference/errors.md')).toContain('### notes.too-long');
  expect(pages.get('docs/reference/events.md')).toContain('### notes.note-written');
  expect(pages.get('docs/reference/http.md')).toContain('| `PUT` | `/+notes/:text` | notes.write |');
});

test.each<[string, Partial<OpenPart>]>([
  ['hotPath', { hotPath: () => false }],
  ['headers', { headers: () => [] }],
  ['identify', { identify: async () => ({ user: undefined, groups: [] }) }],
])('a second part with %s fails the start', async (key, more) => {
  await expect(start(more)).rejects.toThrow(`2 parts bring ${key}`);
});
