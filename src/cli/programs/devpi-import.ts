import { DEVPI_VERSION } from '#packages/contract';
import { runImport } from '../dumps/run-import.ts';
import type { Program } from '../program.ts';
import { configFromOptions, importOptions, initOptions, stateOptions } from './devpi-options.ts';

/** `devpi-import`: makes a new server directory of a dump (reference devpi.md 3.1). */
export const program = {
  name: 'devpi-import',
  summary: 'Makes a new Wheelhouse server of a dump, with the options of devpi-import.',
  version: DEVPI_VERSION,
  environmentPrefix: 'DEVPISERVER_',
  options: [...stateOptions, ...initOptions, ...importOptions],
  argument: { spelling: '<directory>', summary: 'The directory that devpi-export wrote.' },
  async run(options, directory) {
    const config = configFromOptions(program.options, options);
    return await runImport(config, {
      dump: {
        directory,
        hardLinks: options['hardLinks'] === true,
        skippedTypes: [options['skipImportType'] ?? []].flat().map(String),
      },
    });
  },
} satisfies Program;
