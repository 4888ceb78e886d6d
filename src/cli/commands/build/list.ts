import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { flag, jsonOption, text } from '../../options.ts';
import { plural } from '../../plural.ts';

export const command = defineCommand({
  summary: 'List builds, newest first, and say how many are to do',
  options: {
    running: flag('Only those that run.'),
    failed: flag('Only those that failed.'),
    project: text('name', 'Only those of a project.'),
    server: serverOption,
    json: jsonOption,
  },
  examples: ['wheelhouse build list --running', 'wheelhouse build list --project pyyaml --json'],
  async run({ options: { running, failed, project, server, json } }) {
    const { printTable } = await import('../../table.ts');
    const client = await currentClient(server);
    const state = running ? 'running' : failed ? 'failed' : undefined;
    const { waiting, builds } = await client.call(operations.listBuilds, { query: { state, project } });
    if (json) {
      process.stdout.write(`${JSON.stringify({ waiting, builds }, null, 2)}\n`);
      return 0;
    }
    const columns = [
      { title: 'BUILD' },
      { title: 'RELEASE' },
      { title: 'TARGET', isWhole: true },
      { title: 'STATE', isWhole: true },
      { title: 'SECONDS' },
      { title: 'RESULT' },
    ];
    const rows = builds.map(
      ({ id, project: name, version, target, state: now, seconds, failure, detail, files, builder }) => [
        id,
        `${name} ${version}`,
        target,
        now,
        seconds === null ? undefined : Math.round(seconds),
        now === 'running'
          ? `on ${builder}`
          : failure === null
            ? files.join(', ')
            : `${failure}: ${detail ?? ''}`,
      ],
    );
    printTable(columns, rows);
    process.stderr.write(`${plural(waiting, 'build')} to do\n`);
    return 0;
  },
});
