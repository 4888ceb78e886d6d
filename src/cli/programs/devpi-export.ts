import { DEVPI_VERSION } from '#packages/contract';
import { runExport } from '../dumps/run-export.ts';
import type { Program } from '../program.ts';
import { configFromOptions, exportOptions, stateOptions } from './devpi-options.ts';

/** `devpi-export`: writes what a server directory has into a directory of its own (reference devpi.md 3.1). */
export const program = {
  name: 'devpi-export',
  summary: 'Writes everything that a Wheelhouse server has, with the options of devpi-export.',
  version: DEVPI_VERSION,
  environmentPrefix: 'DEVPISERVER_',
  options: [...stateOptions, ...exportOptions],
  argument: { spelling: '<directory>', summary: 'Where the dump goes: empty, or not there yet.' },
  async run(options, directory) {
    const config = configFromOptions(program.options, options);
    return await runExport(config, {
      directory,
      includeMirroredFiles: options['includeMirroredFiles'] === true,
      hardLinks: options['hardLinks'] === true,
    });
  },
} satisfies Program;
