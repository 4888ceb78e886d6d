// How long a server takes to answer when its database holds a million projects.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { comparisonTable, type Comparison } from '../support/compare.ts';
import { createIndex, startIndexServer } from '../support/index-server.ts';
import { checkListing, fetchPage, indexPagePaths } from '../support/page-cases.ts';
import { readUsage } from '../support/process-usage.ts';
import { say, waitForTurn } from '../support/run.ts';
import { isChosen, type Bench, type Findings } from './workload.ts';

/** Wheelhouse only: of the others only devpi-server has such a database, and no quick way to fill it. */
export async function measureStart(bench: Bench): Promise<Findings> {
  const { options } = bench;
  if (!isChosen('start', options) || !bench.targets.includes('wheelhouse')) return { tables: [], raw: {} };
  const projects = options.quick ? 20_000 : 1_000_000;
  say(`start: ${projects} projects`);
  const comparisons: Comparison[] = [];
  for (const [description, count] of [
    ['empty database', 0],
    [`${projects} projects, a file in each`, projects],
  ] as const) {
    const directory = join(bench.directory, `start-${count}`);
    {
      await using server = await startIndexServer('wheelhouse', directory);
      await createIndex(server);
    }
    if (count > 0) insertProjects(join(directory, 'server', 'wheelhouse.sqlite'), count);
    const milliseconds: number[] = [];
    const memory: number[] = [];
    const page: number[] = [];
    for (let round = 0; round <= Math.max(5, options.rounds); round++) {
      await waitForTurn(options);
      const startedAt = performance.now();
      await using server = await startIndexServer('wheelhouse', directory);
      if (round === 0) continue;
      milliseconds.push(performance.now() - startedAt);
      memory.push((await readUsage(server.pid)).rssMb);
      if (count === 0) continue;
      const asked = performance.now();
      const number = count - round;
      const wanted = { project: `p${number}`, files: 1, format: 'json' } as const;
      const { body } = await fetchPage(server, indexPagePaths, wanted, 'identity');
      page.push(performance.now() - asked);
      checkListing(
        `p${number}`,
        'json',
        body,
        new Map([[`p${number}-1.0-py3-none-any.whl`, digestOf(number)]]),
      );
    }
    const row = (what: string, values: readonly number[]) =>
      comparisons.push({
        description: `${description}: ${what}`,
        outcomes: new Map([['wheelhouse', { values }]]),
      });
    row('until the first answer, ms', milliseconds);
    row('memory, MB', memory);
    if (count > 0) row('first page, ms', page);
  }
  return {
    tables: [comparisonTable(comparisons, { title: 'Start', targets: ['wheelhouse'], aims: {} })],
    raw: {},
  };
}

function digestOf(number: number): string {
  return number.toString(16).padStart(64, '0');
}

/** Straight into the tables: a million uploads would take an hour. */
function insertProjects(path: string, count: number): void {
  const database = new DatabaseSync(path);
  const numbers = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})`;
  const index = `(select id from package_index where user_name = 'bench' and name = 'index')`;
  database.exec(`
    pragma synchronous = off;
    begin;
    insert into project (id, index_id, name, display_name) ${numbers} select i, ${index}, 'p' || i, 'p' || i from n;
    insert into release (id, project_id, version, metadata) ${numbers} select i, i, '1.0', '{}' from n;
    insert into release_file (id, index_id, project_id, release_id, filename, size, sha256, md5, blake2b_256,
        uploaded_at, log)
      ${numbers} select i, ${index}, i, i, 'p' || i || '-1.0-py3-none-any.whl', 1000, printf('%064x', i),
        printf('%032x', i), printf('%064x', i), 1700000000000, '[]' from n;
    commit;
  `);
  database.close();
}
