import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Files } from '#kernel/files/files.ts';
import { openLocalFiles } from '#kernel/files/local-files.ts';
import { BodyGuards } from '#kernel/http/body-guard.ts';
import { receiveForm } from './receive-form.ts';

const limits = {
  maxFileBytes: 1000,
  maxFormBytes: 1000,
  guard: new BodyGuards({ maxBufferedBytes: 1000, minSpeed: 0, watchMs: 1000 }).open(
    new IncomingMessage(new Socket()),
    new ServerResponse(new IncomingMessage(new Socket())),
  ),
};

let directory: string;
let files: Files;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'form-'));
  files = await openLocalFiles(directory);
});
afterEach(async () => {
  await files.close();
  await rm(directory, { recursive: true });
});

test('a form of a client that is gone already ends at once', async () => {
  const request = new IncomingMessage(new Socket());
  request.headers['content-type'] = 'multipart/form-data; boundary=x';
  request.push('--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n');
  request.destroy();
  await new Promise((resolve) => request.once('close', resolve));

  await expect(receiveForm(request, files, limits)).rejects.toThrow(
    'the connection ended before the form did',
  );
  expect(await readdir(join(directory, 'incoming'))).toEqual([]);
});
