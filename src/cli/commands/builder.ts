import { AppError } from '#kernel/errors/app-error.ts';
import { serverOption } from '../current-client.ts';
import { defineCommand } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { flag, text, texts } from '../options.ts';
import { plural } from '../plural.ts';

export const command = defineCommand({
  summary: 'Build wheels on this machine for what the server has to do; Ctrl-C drains',
  options: {
    server: serverOption,
    token: text('-', 'Read an API token with the scope builds.build from standard input.'),
    name: text('name', 'What the builder is called; default is the host’s name.'),
    target: texts('cp313', 'Build for this Python only'),
    jobs: text('number', 'So many builds at once; default is 1.'),
    work: text('directory', 'Where builds have their directories; default is below the system’s.'),
    memory: text('GiB', 'What a build may use of the memory; default is 4.'),
    disk: text('GiB', 'What a build may write; default is 8.'),
    once: flag('End when there is nothing to do.'),
  },
  examples: [
    'wheelhouse builder',
    'wheelhouse builder --server https://wheels.example.org --token - --jobs 2 < token',
  ],
  async run({ options }) {
    const { hostname, tmpdir } = await import('node:os');
    const { join, resolve } = await import('node:path');
    const { builderClient } = await import('../builder/builder-client.ts');
    const { DEFAULT_LIMITS } = await import('../builder/limits.ts');
    const { choosePythons } = await import('../builder/choose-pythons.ts');
    const { runBuilder } = await import('../builder/run-builder.ts');
    const jobs = readNumber('jobs', options.jobs) ?? 1;
    const memory = readNumber('memory', options.memory);
    const disk = readNumber('disk', options.disk);
    const client = await builderClient(options.server, options.token);
    const pythons = await choosePythons(options.target);
    const draining = new AbortController();
    const stopping = new AbortController();
    const onSignal = () => {
      if (draining.signal.aborted) stopping.abort(new Error('stopped'));
      else process.stderr.write('draining: what is built is ended; once more to stop at once\n');
      draining.abort();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    const done = await runBuilder({
      client,
      name: options.name ?? hostname(),
      pythons,
      limits: {
        ...DEFAULT_LIMITS,
        seconds: 7 * 86_400,
        ...(memory !== undefined && { memoryBytes: memory * 1024 ** 3 }),
        ...(disk !== undefined && { diskBytes: disk * 1024 ** 3 }),
      },
      work: resolve(options.work ?? join(tmpdir(), 'wheelhouse-builder')),
      jobs,
      once: options.once,
      say: (line) => process.stderr.write(`${line}\n`),
      draining: draining.signal,
      stopping: stopping.signal,
    });
    const lost = done.lost === 0 ? '' : `, ${done.lost} left to others`;
    process.stderr.write(`${plural(done.succeeded, 'build')} succeeded, ${done.failed} failed${lost}\n`);
    return 0;
  },
});

function readNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value.trim() || Number.NaN);
  if (number > 0 && (name !== 'jobs' || Number.isSafeInteger(number))) return number;
  throw new AppError(cliErrors.badArgument, `--${name} must be a number above 0`);
}
