import { styleText } from 'node:util';
import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { terminalProgress } from '#kernel/progress.ts';
import { parseFilename } from '#python/names/filename.ts';
import { currentIndex } from '../current-index.ts';
import { cliErrors } from '../errors.ts';
import { printable } from '../printable.ts';
import { printJson } from '../print-json.ts';
import { readPypirc } from './read-pypirc.ts';

export interface PushOptions {
  readonly index: string | undefined;
  readonly server: string | undefined;
  readonly docs: boolean;
  readonly onlyDocs: boolean;
  readonly pypirc: string | undefined;
  readonly registerProject: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** The server may have to fetch and send large files. */
const TIMEOUT_MS = 30 * 60_000;

const ActionLog = z.looseObject({
  type: z.literal('actionlog'),
  result: z.array(z.array(z.union([z.string(), z.number()])).min(1)),
});

/** Lets the server copy a release and prints what it did; resolves to the exit code. */
export async function push(
  given: { readonly release: string; readonly target: string },
  options: PushOptions,
): Promise<number> {
  const release = readRelease(given.release);
  const target = await readTarget(given.target, options);
  const source = await currentIndex(options.index, options.server);
  const body = {
    ...release,
    ...target.body,
    ...(!options.docs && { no_docs: true }),
    ...(options.onlyDocs && { only_docs: true }),
  };
  const what = `${release.name} ${release.version} from ${source.url} to ${target.shown}`;
  if (options.dryRun) {
    process.stdout.write(`${printable(`skipped: push of ${what}`)}\n`);
    return 0;
  }
  if (!options.json && process.stderr.isTTY) terminalProgress().step(printable(`pushing ${what}`));
  const { json } = await source.client.send('PUSH', new URL(source.url), body, {
    isAnswer: (answer) => ActionLog.safeParse(answer).success,
    timeoutMs: TIMEOUT_MS,
  });
  const log = ActionLog.safeParse(json);
  if (!log.success) {
    throw new AppError(
      cliErrors.serverUnreachable,
      `${source.client.url} does not answer as Wheelhouse does`,
    );
  }
  const rows = log.data.result;
  if (options.json) printJson(rows);
  else for (const row of rows) sayRow(row);
  if (rows.every(isDone)) return 0;
  throw new AppError(cliErrors.serverRefused, 'Failure during upload', {
    hint: 'the red lines above say what failed; push again when the cause is gone',
  });
}

/** `name==version`, or the old way with a hyphen. */
function readRelease(given: string): { readonly name: string; readonly version: string } {
  const [, name, version] = /^\s*([\w.-]+?)\s*==\s*([^\s,=*]+)\s*$/.exec(given) ?? [];
  if (name !== undefined && version !== undefined) return { name, version };
  const old = given.includes('=') ? undefined : parseFilename(`${given}.zip`);
  if (old === undefined) {
    throw new AppError(
      cliErrors.badArgument,
      'The release specification needs to be of this form: name==version',
    );
  }
  process.stderr.write('warning: old style of naming a release; write name==version\n');
  return { name: given.slice(0, -old.version.length - 1), version: old.version };
}

interface Target {
  readonly body: Readonly<Record<string, unknown>>;
  /** Without secrets. */
  readonly shown: string;
}

async function readTarget(given: string, options: PushOptions): Promise<Target> {
  if (given.startsWith('pypi:')) {
    const { url, username, password } = await readPypirc(given.slice('pypi:'.length), options.pypirc);
    const body = {
      posturl: url,
      username,
      password: password.reveal(),
      ...(options.registerProject && { register_project: true }),
    };
    return { body, shown: url };
  }
  if (!/^[^/]+\/[^/]+$/.test(given)) {
    throw new AppError(cliErrors.badArgument, `target '${given}' not of form USER/NAME or pypi:REPONAME`);
  }
  if (options.registerProject) {
    throw new AppError(
      cliErrors.badArgument,
      '--register-project is for a target elsewhere, as pypi:REPONAME',
    );
  }
  return { body: { targetindex: given }, shown: given };
}

/** A project that is registered already is no failure. */
function isDone([status]: readonly (string | number)[]): boolean {
  return [200, 201, 410].includes(Number(status));
}

function sayRow(row: readonly (string | number)[]): void {
  for (const line of row.join(' ').split('\n')) {
    const text = printable(`   ${line}`);
    process.stdout.write(`${isDone(row) ? text : styleText('red', text)}\n`);
  }
}
