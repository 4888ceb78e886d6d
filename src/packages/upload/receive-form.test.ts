import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Files } from '#kernel/files/files.ts';
import { openLocalFiles } from '#kernel/files/local-files.ts';
import { receiveForm } from './receive-form.ts';

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

  await expect(receiveForm(request, files, { maxFileBytes: 1000 })).rejects.toThrow(
    'the connection ended before the form did',
  );
  expect(await readdir(join(directory, 'incoming'))).toEqual([]);
});
