import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { jsonOption } from '../../options.ts';

export const command = defineCommand({
  summary: 'List builders, and what each of them builds',
  options: { server: serverOption, json: jsonOption },
  examples: ['wheelhouse builder list'],
  async run({ options: { server, json } }) {
    const { printTable } = await import('../../table.ts');
    const { printJson } = await import('../../print-json.ts');
    const { builders } = await (await currentClient(server)).call(operations.listBuilders, {});
    if (json) {
      printJson(builders);
      return 0;
    }
    const columns = [
      { title: 'NAME', isWhole: true },
      { title: 'STATE', isWhole: true },
      { title: 'TARGETS' },
      { title: 'BUILDS' },
      { title: 'SEEN', isWhole: true },
    ];
    const rows = builders.map(({ name, state, isSilent, targets, build, seen }) => [
      name,
      isSilent ? 'silent' : state,
      targets.join(', '),
      build === null ? '' : `${build.id}: ${build.project} ${build.version} ${build.target}`,
      seen,
    ]);
    printTable(columns, rows);
    return 0;
  },
});
