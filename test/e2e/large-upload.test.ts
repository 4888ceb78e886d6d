import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { platform } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { run } from '#kernel/process/run.ts';
import { createIndex, listPage, request, uploadAll, wheelUpload, type Account } from '#test/index-api.ts';
import { largeWheel, type LargeWheel } from '#test/large-wheel.ts';
import { skipWithout } from '#test/machine.ts';
import { mountSmallDisk } from '#test/small-disk.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { startServer, type ServerProcess } from '#test/server.ts';

const noProc = platform() === 'linux' ? undefined : 'memory of a process is read from /proc';

it.skipIf(skipWithout(noProc))('takes and serves a wheel of 1 GiB in constant memory', async () => {
  await using server = await startServer();
  // The runtime lets up to 64 MiB of used buffers lie before it collects them: that is reached here, once and for all.
  const warmUp = await createIndex(server, 'anna/warm-up');
  expect(await uploadLarge(warmUp, largeWheel(192))).toMatchObject({ status: 200 });
  const index = await createIndex(server, 'anna/dev');
  const wheel = largeWheel(1024);

  const before = await peakMemory(server);
  const answer = await uploadLarge(index, wheel);
  const [offered] = await listPage(index, 'large');
  const received = await download(offered!.url);
  const grown = (await peakMemory(server)) - before;

  expect(answer).toEqual({ status: 200, text: '' });
  expect(offered).toMatchObject({
    filename: wheel.filename,
    size: wheel.size,
    hashes: { sha256: wheel.sha256 },
  });
  expect(received).toBe(wheel.sha256);
  expect(grown, 'MiB that the server grew by').toBeLessThan(64);
});

const noTmpfs =
  platform() === 'linux' && process.getuid?.() === 0
    ? undefined
    : 'a small disk needs Linux and root (tmpfs)';

it.skipIf(skipWithout(noTmpfs))('answers 507 when the disk is full, and leaves nothing behind', async () => {
  await using disk = await mountSmallDisk(48);
  await using server = await startServer({ serverdir: disk.path });
  const index = await createIndex(server, 'anna/dev');
  await uploadAll(index, [wheelUpload()]);

  const answer = await uploadLarge(index, largeWheel(96));

  expect(answer.status).toBe(507);
  expect(answer.text).toContain('no space left on the server');
  expect(await listPage(index, 'large')).toEqual([]);
  expect(await readdir(join(disk.path, 'files', 'incoming'))).toEqual([]);
  await uploadAll(index, [wheelUpload({ version: '2.0' })]);
  await server.stop();
  const doctor = await runWheelhouse(['doctor', '--serverdir', disk.path, '--json']);
  expect(JSON.parse(doctor.stdout)).toMatchObject({ problems: [], orphans: { files: 0 } });
});

it.skipIf(skipWithout(noTmpfs))(
  'answers 507 when the database has no room, and goes on when it has',
  async () => {
    await using disk = await mountSmallDisk(8);
    await using server = await startServer({ serverdir: disk.path });
    const account = await createIndex(server, 'anna/dev');
    const filler = join(disk.path, 'filler');
    await run(['dd', 'if=/dev/zero', `of=${filler}`, 'bs=4k']);

    const full = await request(server, 'PUT', '/anna/more', account, { bases: [] });
    await rm(filler);
    const roomy = await request(server, 'PUT', '/anna/more', account, { bases: [] });

    expect(full.status, full.text).toBe(507);
    expect(JSON.parse(full.text)).toMatchObject({ code: 'kernel.storage-full' });
    expect(roomy.status, roomy.text).toBe(200);
  },
);

/** MiB of resident memory, at most so far. */
async function peakMemory({ pid }: ServerProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Sends the form as it is read, as clients do. */
async function uploadLarge(
  index: Account & { readonly url: string },
  wheel: LargeWheel,
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const boundary = 'boundary-of-the-large-upload';
  const part = (disposition: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`;
  const fields = { ':action': 'file_upload', name: wheel.name, version: wheel.version };
  const start = Buffer.from(
    Object.entries(fields)
      .map(([name, value]) => `${part(`name="${name}"`)}${value}\r\n`)
      .join('') + part(`name="content"; filename="${wheel.filename}"`),
  );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const sending = httpRequest(`${index.url}/`, {
    method: 'POST',
    auth: `${index.user}:${index.password}`,
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': start.length + wheel.size + end.length,
    },
  });
  // An early answer is a refusal: Node's client sends nothing more after it, and would wait for ever.
  pipeline(Readable.from(body(start, wheel, end)), sending).catch(() => undefined);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const text = (await response.toArray()).join('');
  sending.destroy();
  return { status: response.statusCode, text };
}

function* body(start: Buffer, wheel: LargeWheel, end: Buffer): Iterable<Buffer> {
  yield start;
  yield* wheel.chunks();
  yield end;
}

/** The sha256 of what comes. */
async function download(url: string): Promise<string> {
  const hash = createHash('sha256');
  const response = await fetch(url);
  for await (const chunk of response.body!) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
