import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { DEVPI_VERSION } from '#packages/contract';
import type { FullConfig } from '../../parts.ts';
import type { Program, ProgramValue } from '../program.ts';
import { serve } from '../serve-until-stopped.ts';
import { configFromOptions, serverOptions, stateOptions, wordsOfOptions } from './devpi-options.ts';

/** `devpi-server` on a directory that `devpi-init` made (reference devpi.md 3.1). */
export const program = {
  name: 'devpi-server',
  summary: 'Serves Wheelhouse with the options of devpi-server.',
  version: DEVPI_VERSION,
  environmentPrefix: 'DEVPISERVER_',
  options: [...stateOptions, ...serverOptions],
  async run(options) {
    if (options['gendeploy'] !== undefined) {
      const { generateFromOptions } = await import('../deployment/from-options.ts');
      await generateFromOptions(options, { isDevpi: true });
      return 0;
    }
    const config = configFromOptions(program.options, options);
    if (options['passwd'] !== undefined) {
      const { setPassword } = await import('./devpi-passwd.ts');
      await setPassword(config, String(options['passwd']));
      return 0;
    }
    if (options['export'] !== undefined) {
      const { runExport } = await import('../dumps/run-export.ts');
      return await runExport(config, { directory: String(options['export']) });
    }
    if (options['import'] !== undefined) {
      const { runImport } = await import('../dumps/run-import.ts');
      return await runImport(config, { dump: { directory: String(options['import']) } });
    }
    const asked = ['start', 'stop', 'status', 'log'].find((name) => options[name] === true);
    if (asked !== undefined) return await controlBackground(asked, config, options);
    if (!hasState(config)) {
      throw new AppError(
        kernelErrors.serverdirUnusable,
        `The path '${config.serverdir}' contains no devpi-server data, use devpi-init to initialize.`,
        { hint: 'files of the original devpi-server cannot be served: they need an export and an import' },
      );
    }
    // Scripts wait for these two lines.
    await serve(config, ({ url }) => process.stderr.write(`serving at url: ${url}\nHit Ctrl-C to quit.\n`));
    return 0;
  },
} satisfies Program;

function hasState({ database, serverdir }: FullConfig): boolean {
  return database !== 'sqlite' || existsSync(join(serverdir, 'wheelhouse.sqlite'));
}

/** `--start`, `--stop`, `--status` and `--log` of devpi 1.x. */
async function controlBackground(
  asked: string,
  config: FullConfig,
  options: Readonly<Record<string, ProgramValue | undefined>>,
): Promise<number> {
  const { findServer, lastLines, startInBackground, stopInBackground } =
    await import('./background-server.ts');
  const { serverdir } = config;
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (asked === 'start') {
    if (!hasState(config)) {
      const { createLog } = await import('#kernel/log/log.ts');
      const { initialize } = await import('../../wiring.ts');
      await initialize(config, createLog({ ...config, 'log.level': 'warn' }));
    }
    const { storage, ...others } = options;
    const words = wordsOfOptions(program.options, { ...others, serverdir });
    // It may have a password.
    const variables = storage === undefined ? {} : { DEVPISERVER_STORAGE: String(storage) };
    const { url, log } = await startInBackground(serverdir, words, variables);
    say(`started background devpi-server at ${url}`);
    say(`logfile is at ${log}`);
    return 0;
  }
  if (asked === 'log') {
    say(await lastLines(serverdir));
    return 0;
  }
  const pid = asked === 'stop' ? await stopInBackground(serverdir) : await findServer(serverdir);
  if (pid === undefined) say('no server is running');
  else say(asked === 'stop' ? `killed server pid=${pid}` : `server is running with pid ${pid}`);
  return pid === undefined && asked === 'status' ? 1 : 0;
}
