import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { jsonOption } from '../../options.ts';

export const command = defineCommand({
  summary: 'List the projects of which wheels are built',
  options: { server: serverOption, json: jsonOption },
  examples: ['wheelhouse build projects'],
  async run({ options: { server, json } }) {
    const { printTable } = await import('../../table.ts');
    const { printJson } = await import('../../print-json.ts');
    const { projects } = await (await currentClient(server)).call(operations.listBuildProjects, {});
    if (json) {
      printJson(projects);
      return 0;
    }
    const columns = [
      { title: 'PROJECT', isWhole: true },
      { title: 'INDEX' },
      { title: 'TARGETS' },
      { title: 'WAITING' },
      { title: 'PROBLEM' },
    ];
    const rows = projects.map(({ project, specifier, index, targets, waiting, problem }) => [
      `${project}${specifier}`,
      index,
      targets.join(', '),
      waiting,
      problem ?? '',
    ]);
    printTable(columns, rows);
    return 0;
  },
});
