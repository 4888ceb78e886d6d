import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createIndex, listPage, request, sha256, upload, wheelUpload, type Upload } from '#test/index-api.ts';
import { seededRandom } from '#test/random.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

const UPLOADS = 200;
const CLIENTS = 4;
const KILLS = 10;
const SEED = Number(process.env.CRASH_SEED ?? 20_261);

type Index = Awaited<ReturnType<typeof createIndex>>;

/** Every fourth upload is a new version of the project before, so that pages with several files are at stake too. */
function makeUpload(number: number): Upload {
  const name = `crash-${Math.floor(number / 4)}`;
  const random = seededRandom(number);
  const size = 100 + Math.floor(random() * 200_000);
  const data = Buffer.from(
    Array.from({ length: Math.ceil(size / 1000) }, () => random())
      .join()
      .repeat(20),
  );
  return wheelUpload({ name, version: `${number % 4}.0`, files: { 'data.bin': data.subarray(0, size) } });
}

/** What became of the uploads: only what the server answered with 200 must be there, only what was sent may be. */
class Ledger {
  readonly uploads = Array.from({ length: UPLOADS }, (_, number) => makeUpload(number));
  readonly waiting = [...this.uploads];
  readonly acknowledged = new Set<Upload>();
  readonly sent = new Set<Upload>();

  /** Four clients send until everything is acknowledged or the server is gone. */
  async send(index: Index): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, () => this.#sendOneByOne(index)));
  }

  async #sendOneByOne(index: Index): Promise<void> {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      this.sent.add(next);
      // fetch rejects when the connection breaks; then the file may be there or not.
      const answer = await upload(index, next).catch(() => undefined);
      if (answer === undefined) {
        this.waiting.push(next);
        return;
      }
      expect(answer).toMatchObject({ status: 200 });
      this.acknowledged.add(next);
    }
  }
}

/** Everything that the index shows, by file name, with the hash of the bytes that it serves. */
async function readContents(server: ServerProcess): Promise<Map<string, string>> {
  const simple = `${server.url}/anna/dev/+simple/`;
  const list = await fetch(simple, { headers: { accept: 'application/vnd.pypi.simple.v1+json' } });
  const { projects } = (await list.json()) as { projects: { name: string }[] };
  const contents = new Map<string, string>();
  for (const { name } of projects) {
    const files = await listPage({ simple }, name);
    expect(files, `${name} is listed without files`).not.toEqual([]);
    for (const { filename, url, hashes } of files) {
      const digest = sha256(Buffer.from(await (await fetch(url)).arrayBuffer()));
      expect(hashes['sha256']).toBe(digest);
      contents.set(filename, digest);
    }
  }
  return contents;
}

async function expectWhole(server: ServerProcess, ledger: Ledger): Promise<void> {
  const contents = await readContents(server);
  for (const { filename, bytes } of ledger.acknowledged) expect(contents.get(filename)).toBe(sha256(bytes));
  const possible = new Map([...ledger.sent].map(({ filename, bytes }) => [filename, sha256(bytes)]));
  for (const [filename, digest] of contents) expect(possible.get(filename)).toBe(digest);
}

it(
  'keeps every acknowledged upload, and shows nothing half, through kill -9',
  { timeout: 400_000 },
  async () => {
    await using directory = await makeTemporaryDirectory();
    const { path: serverdir } = directory;
    const random = seededRandom(SEED);
    const ledger = new Ledger();
    const killedAt: number[] = [];

    for (let kills = 0; ledger.acknowledged.size < UPLOADS; kills++) {
      await using server = await startServer({ serverdir });
      const index = await openIndex(server);
      await expectWhole(server, ledger);
      if (kills === KILLS) {
        await ledger.send(index);
        await expectWhole(server, ledger);
        break;
      }
      // Each life is long enough for about a tenth of the uploads, so that the kills spread over all of them.
      const target = Math.floor((UPLOADS * kills) / KILLS + random() * (UPLOADS / KILLS));
      const sending = ledger.send(index);
      await untilAcknowledged(ledger, target);
      await sleep(random() * 15);
      await server.kill();
      await sending;
      killedAt.push(ledger.acknowledged.size);
      const doctor = await runWheelhouse(['doctor', '--serverdir', serverdir, '--json']);
      expect(JSON.parse(doctor.stdout), `after kill ${kills + 1}, seed ${SEED}`).toMatchObject({
        problems: [],
      });
    }

    expect(ledger.acknowledged.size).toBe(UPLOADS);
    expect(killedAt).toHaveLength(KILLS);
    // Otherwise nothing was interrupted and the test has shown nothing.
    expect(new Set(killedAt).size).toBeGreaterThan(KILLS / 2);
    // What the kills left without a row goes, and nothing with it.
    await runWheelhouse(['doctor', '--serverdir', serverdir, '--repair']);
    const repaired = await runWheelhouse(['doctor', '--serverdir', serverdir, '--json']);
    expect(JSON.parse(repaired.stdout)).toMatchObject({ problems: [], orphans: { files: 0 } });
  },
);

/** The index, made in the first life of the server. */
async function openIndex(server: ServerProcess): Promise<Index> {
  const account = { user: 'anna', password: 'secret of anna' };
  const found = await request(server, 'GET', '/anna/dev', account);
  if (found.status === 404) return await createIndex(server, 'anna/dev');
  const url = `${server.url}/anna/dev`;
  return { ...account, index: 'anna/dev', url, simple: `${url}/+simple/` };
}

async function untilAcknowledged(ledger: Ledger, count: number): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (ledger.acknowledged.size < count) {
    if (performance.now() > deadline) throw new Error(`${ledger.acknowledged.size} uploads after a minute`);
    await sleep(1);
  }
}
