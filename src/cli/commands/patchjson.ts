import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { AppError } from '#kernel/errors/app-error.ts';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { cliErrors } from '../errors.ts';
import { flag, required } from '../options.ts';
import { sortedJson } from '../print-json.ts';

export const command = defineCommand({
  summary: 'Send the JSON of a file to a path of a server with PATCH',
  args: {
    path: required('Path of the server, such as /alice/dev; below the index in use; or a URL'),
    jsonfile: required('File with the JSON, or - for stdin'),
  },
  options: {
    server: serverOption,
    dryRun: flag('Say what would be sent where, and send nothing.'),
  },
  examples: ['wheelhouse patchjson /alice/dev options.json'],
  async run({ args: { path, jsonfile }, options: { server, dryRun } }) {
    const body = await readJsonFile(jsonfile);
    const { addressOf } = await import('../address-of.ts');
    const { client, url } = await addressOf(path, server);
    if (dryRun) {
      process.stderr.write(`would send this to ${url.href}:\n`);
      process.stdout.write(sortedJson(body));
      return 0;
    }
    const { json } = await client.send('PATCH', url, body);
    process.stdout.write(`PATCH REQUEST sent to ${url.href}\n${sortedJson(json ?? {})}`);
    return 0;
  },
});

async function readJsonFile(path: string): Promise<unknown> {
  let content: string;
  try {
    content = path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError(cliErrors.badInputFile, `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
  try {
    return JSON.parse(content);
  } catch (cause) {
    const what = path === '-' ? 'stdin' : path;
    throw new AppError(cliErrors.badInputFile, `${what} is no JSON: ${(cause as Error).message}`, { cause });
  }
}
