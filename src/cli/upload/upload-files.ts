import { styleText } from 'node:util';
import { operations } from '#packages/contract';
import { Unreachable } from '#kernel/http/trusted-fetch.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { terminalProgress } from '#kernel/progress.ts';
import type { StreamedBody } from '../client/client.ts';
import { currentIndex, type CurrentIndex } from '../current-index.ts';
import { cliErrors } from '../errors.ts';
import { formatBytes } from '../format-bytes.ts';
import { plural } from '../plural.ts';
import { printable } from '../printable.ts';
import { checkFiles, newestOnly, type CheckedFile } from './check-files.ts';
import { chooseFiles } from './choose-files.ts';
import { sendFiles, type Sent, type UploadReport } from './send-files.ts';
import { uploadBars } from './upload-bars.ts';

const INTERRUPTED = 130;

export interface UploadOptions {
  readonly index: string | undefined;
  readonly server: string | undefined;
  readonly fromDir: boolean;
  readonly onlyLatest: boolean;
  readonly dryRun: boolean;
}

/** Uploads archives, and then documentation, to an index in devpi-client's words, and resolves to the exit code. */
export async function uploadFiles(paths: readonly string[], options: UploadOptions): Promise<number> {
  const chosen = await chooseFiles(paths, options);
  // Asked first: it takes a moment, and reading large archives takes longer.
  const target = await readTarget(options);
  const checked = await checkFiles(chosen, terminalProgress());
  const files = options.onlyLatest ? newestOnly(checked) : checked;
  if (options.dryRun) {
    for (const file of files) process.stdout.write(`skipped: ${describe(file, target)}\n`);
    return 0;
  }
  const archives = files.filter(({ documentation }) => documentation === undefined);
  const documentation = files.filter((file) => file.documentation !== undefined);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt);
  try {
    const startedAt = performance.now();
    const how = {
      send: async (body: StreamedBody, signal: AbortSignal) =>
        await target.client.stream(new URL(`${target.url}/`), body, signal),
      report: reportTo(target),
      signal: interruption.signal,
    };
    const first = await sendFiles(archives, how);
    // It belongs to a release, which must be there.
    const isWhole = first.stored.length === archives.length;
    const second = await sendFiles(isWhole ? documentation : [], how);
    const sent = {
      stored: [...first.stored, ...second.stored],
      failed: first.failed + second.failed,
      unsent: first.unsent + (isWhole ? second.unsent : documentation.length),
    };
    process.stderr.write(summarize(sent, performance.now() - startedAt, interruption.signal.aborted));
    if (interruption.signal.aborted) return INTERRUPTED;
    return sent.stored.length === files.length ? 0 : 1;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** The index that takes the uploads; throws for a mirror, which takes none. */
export async function readTarget(given: Pick<UploadOptions, 'index' | 'server'>): Promise<CurrentIndex> {
  const target = await currentIndex(given.index, given.server);
  const { client, user, index, url } = target;
  const { result } = await client.call(operations.readIndex, {
    params: { user, index },
    query: { no_projects: '' },
  });
  if (result.type !== 'mirror') return target;
  throw new AppError(cliErrors.badArgument, `${url} is a mirror, which takes no uploads`, {
    hint: 'name an index of your own with --index',
  });
}

function describe({ filename, documentation }: CheckedFile, { url }: CurrentIndex): string {
  return `${documentation === undefined ? 'file' : 'doc'}_upload of ${filename} to ${url}/`;
}

function reportTo(target: CurrentIndex): UploadReport {
  const bars = uploadBars();
  const say = (text: string) => bars.print(() => process.stderr.write(text));
  return {
    begun: ({ filename, size }) => bars.set(filename, 0, size),
    sent: ({ filename, size }, bytes) => bars.set(filename, bytes, size),
    interrupted({ filename, size }, error, pauseMs) {
      bars.set(filename, 0, size);
      say(`${filename}: ${printable(error.message)}; trying again in ${pauseMs / 1000} s\n`);
    },
    stored(file) {
      bars.remove(file.filename);
      bars.print(() => process.stdout.write(`${describe(file, target)}\n`));
    },
    failed(file, error) {
      bars.remove(file.filename);
      // Without an answer there is no status.
      const status = error.cause instanceof Unreachable ? '' : `${error.kind.status} `;
      const isOfProxy = error.kind.status === 413 && error.kind.code === cliErrors.serverUnreachable.code;
      const hint = isOfProxy ? PROXY_HINT : error.hint;
      const red = (text: string) => styleText('red', text, { stream: process.stderr });
      say(
        [
          red(`${status}FAIL ${describe(file, target)}`),
          `  ${printable(error.message)}`,
          ...(hint === undefined ? [] : [`  hint: ${printable(hint)}`]),
          '',
        ].join('\n'),
      );
    },
  };
}

const PROXY_HINT = 'a proxy before the server takes no larger bodies; nginx has client_max_body_size';

function summarize({ stored, failed, unsent }: Sent, ms: number, isInterrupted: boolean): string {
  const bytes = stored.reduce((sum, { size }) => sum + size, 0);
  const rest = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unsent > 0 ? [`${unsent} not ${isInterrupted ? 'finished' : 'sent'}`] : []),
  ];
  const whole = `${plural(stored.length, 'file')} uploaded, ${formatBytes(bytes)} in ${(ms / 1000).toFixed(1)} s`;
  return `${isInterrupted ? 'stopped: ' : ''}${[whole, ...rest].join('; ')}\n`;
}
