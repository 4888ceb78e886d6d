import { DEVPI_VERSION } from '#packages/contract';
import type { Program } from '../program.ts';
import { configFromOptions, genConfigOptions, wordsOfOptions } from './devpi-options.ts';

const DIRECTORY = 'gen-config';

/** `devpi-gen-config`: writes `gen-config/` into the current directory (reference devpi.md 3.2). */
export const program = {
  name: 'devpi-gen-config',
  summary: 'Writes configuration for a Wheelhouse server with the options of devpi-server.',
  version: DEVPI_VERSION,
  environmentPrefix: 'DEVPISERVER_',
  options: genConfigOptions,
  async run(options) {
    const { devpiFiles } = await import('../gen-config/devpi-files.ts');
    const { writeFiles } = await import('../gen-config/write-files.ts');
    const config = configFromOptions(genConfigOptions, options);
    const { storage: _left, ...others } = options;
    if (config.database !== 'sqlite') {
      process.stderr.write(
        `note: --storage is left out, since it may hold a password: set database in ${config.serverdir}/wheelhouse.yml\n`,
      );
    }
    const files = devpiFiles(config, {
      directory: DIRECTORY,
      words: wordsOfOptions(genConfigOptions, { ...others, serverdir: config.serverdir }),
      certificates: String(options['certificates'] ?? '/srv/ssl/devpi'),
    });
    await writeFiles(DIRECTORY, files);
    return 0;
  },
} satisfies Program;
