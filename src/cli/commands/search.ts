import { defineCommand } from '../command.ts';
import { currentClient, serverOption } from '../current-client.ts';
import { jsonOption, several, text } from '../options.ts';

const MOST = 100;

export const command = defineCommand({
  summary: 'Find projects by words of their names, summaries, descriptions and documentation',
  args: { query: several('Words; each must be in the name or the summary.') },
  options: {
    index: text('index', 'Only what this index shows, USER/INDEX; without it everything that you may read.'),
    server: serverOption,
    json: jsonOption,
  },
  examples: ['wheelhouse search data frame', 'wheelhouse search requests --index alice/dev --json'],
  async run({ args: { query }, options: { index, server, json } }) {
    const { operations } = await import('#packages/contract');
    const client = await currentClient(server, { isAnonymousEnough: true });
    const found = await client.call(operations.search, {
      query: { q: query.join(' '), index, limit: MOST },
    });
    if (json) {
      const { printJson } = await import('../print-json.ts');
      printJson(found);
      return 0;
    }
    const { printTable } = await import('../table.ts');
    printTable(
      [
        { title: 'PROJECT', isWhole: true },
        { title: 'VERSION', isWhole: true },
        { title: 'INDEX' },
        { title: 'SUMMARY' },
      ],
      found.results.map((each) => [each.project, each.version ?? '', each.index, each.summary]),
    );
    if (found.total === 0) process.stderr.write('nothing fits\n');
    const more = found.total - found.results.length;
    if (more > 0)
      process.stderr.write(
        `${more}${found.isComplete ? '' : ' or more'} not shown: write more of the name\n`,
      );
    return 0;
  },
});
