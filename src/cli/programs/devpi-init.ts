import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { DEVPI_VERSION } from '#packages/contract';
import type { Program } from '../program.ts';
import { configFromOptions, initOptions, stateOptions } from './devpi-options.ts';

/** `devpi-init`: makes the state that `devpi-server` serves (reference devpi.md 3.1). */
export const program = {
  name: 'devpi-init',
  summary: 'Makes the state of a new Wheelhouse server with the options of devpi-init.',
  version: DEVPI_VERSION,
  environmentPrefix: 'DEVPISERVER_',
  options: [...stateOptions, ...initOptions],
  async run(options) {
    const config = configFromOptions(program.options, options);
    const { createLog } = await import('#kernel/log/log.ts');
    const { initialize } = await import('../../wiring.ts');
    const isNew = await initialize(config, createLog({ ...config, 'log.level': 'warn' }));
    if (!isNew) {
      throw new AppError(
        kernelErrors.serverdirUnusable,
        `The path '${config.serverdir}' already contains devpi-server data.`,
        { hint: 'serve it with devpi-server, or choose another directory with --serverdir' },
      );
    }
    return 0;
  },
} satisfies Program;
