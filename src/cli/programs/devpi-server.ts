import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { DEVPI_VERSION } from '#packages/contract';
import type { Program } from '../program.ts';
import { serve } from '../serve-until-stopped.ts';
import { configFromOptions, serverOptions, stateOptions } from './devpi-options.ts';

/** `devpi-server` on a directory that `devpi-init` made (reference devpi.md 3.1). */
export const program = {
  name: 'devpi-server',
  summary: 'Serves Wheelhouse with the options of devpi-server.',
  version: DEVPI_VERSION,
  environmentPrefix: 'DEVPISERVER_',
  options: [...stateOptions, ...serverOptions],
  async run(options) {
    const config = configFromOptions(program.options, options);
    if (config.database === 'sqlite' && !existsSync(join(config.serverdir, 'wheelhouse.sqlite'))) {
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
