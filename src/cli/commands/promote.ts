import { silentProgress, terminalProgress } from '#kernel/progress.ts';
import { defineCommand } from '../command.ts';
import { flag, jsonOption } from '../options.ts';
import { plural } from '../plural.ts';
import { printable } from '../printable.ts';

export const command = defineCommand({
  summary: 'Make a server of its own of a replica whose primary is gone for good',
  settings: ['serverdir', 'files-directory', 'database', 'replica-of'],
  options: {
    incomplete: flag('Go on without files that were never fetched.'),
    json: jsonOption,
  },
  examples: ['wheelhouse promote --serverdir /var/lib/wheelhouse'],
  async run({ options: { incomplete, json }, config: readConfig }) {
    const config = readConfig();
    const { createLog } = await import('#kernel/log/log.ts');
    const { promote } = await import('../../wiring.ts');
    const log = createLog({ ...config, 'log.level': 'warn' });
    const progress = json ? silentProgress : terminalProgress();
    const { serial, missing } = await promote(config, log, { incomplete, progress });
    if (json) process.stdout.write(`${JSON.stringify({ serial, missing }, null, 2)}\n`);
    else {
      for (const { name } of missing) process.stdout.write(`${printable(name)}\n`);
      process.stderr.write(
        `promoted: the server has everything up to event ${serial}` +
          `${missing.length > 0 ? `, without ${plural(missing.length, 'file')}` : ''}\n` +
          'take replica-of and replica-token out of its configuration, serve it, and never the old primary again\n',
      );
    }
    return missing.length === 0 ? 0 : 1;
  },
});
