// Hot pages of a private index over a mirror: nothing here asks upstream.
import { comparisonTable, type Comparison } from '../support/compare.ts';
import { measureLoad, requestsPerCpuSecond, writeLoadScript } from '../support/load.ts';
import { checkCase, describeCase, type Page, type PageCase } from '../support/page-cases.ts';
import { takeTurns, say } from '../support/run.ts';
import {
  expectedFiles,
  isChosen,
  orWrong,
  readFileUrls,
  redirects,
  type Bench,
  type Findings,
  type Outcomes,
  type Running,
} from './workload.ts';

const sizes = [20, 300, 4000];
const CONNECTIONS = 32;

const cases: readonly PageCase[] = [
  ...sizes.map((files) => ({ files, format: 'json', encoding: 'gzip', status: 200 }) as const),
  ...sizes.map((files) => ({ files, format: 'html', encoding: 'gzip', status: 200 }) as const),
  { files: 300, format: 'json', encoding: 'identity', status: 200 } as const,
  { files: 300, format: 'json', encoding: 'gzip', status: 304 } as const,
].map((each) => ({ ...each, project: `bench-page-${each.files}` }));

export async function compareHotPages(bench: Bench, running: Running): Promise<Findings> {
  const { options, upstream, targets } = bench;
  const chosen = cases.filter((each) => isChosen(`pages: ${describeCase(each)}`, options));
  if (chosen.length === 0) return { tables: [], raw: {} };
  const mirrors = await running();
  const scriptPath = await writeLoadScript(bench.directory);
  const comparisons: Comparison[] = [];
  const raw: unknown[] = [];
  /** Those who answer in plain whatever is offered: that is what their clients get. */
  const plain = new Set<string>();
  for (const pageCase of chosen) {
    const description = describeCase(pageCase);
    say(`pages: ${description}`);
    const expected = expectedFiles(await upstream.project(pageCase.project));
    const outcomes: Outcomes = new Map();
    const ready = [];
    for (const mirror of mirrors) {
      const { server } = mirror;
      if (server.name === 'pypiserver') {
        outcomes.set(server.name, redirects);
        continue;
      }
      const checked = await orWrong(`${server.name}, ${description}`, async () => {
        await readFileUrls(mirror, pageCase.project, expected, pageCase.format);
        const paths = ({ project }: Page) => `${mirror.path}${project}/`;
        const packed = await checkCase(server, paths, pageCase);
        if (!('unavailable' in packed) || pageCase.encoding === 'identity') return packed;
        plain.add(server.name);
        return await checkCase(server, paths, { ...pageCase, encoding: 'identity' });
      });
      if ('unavailable' in checked) outcomes.set(server.name, checked);
      else ready.push({ server, ...checked });
    }
    const turns = await takeTurns(ready, options, async ({ server, request }) =>
      measureLoad(server, request, { seconds: options.seconds, connections: CONNECTIONS, scriptPath }),
    );
    for (const [{ server, bodyBytes }, samples] of turns.samples) {
      const short = samples.some(({ bytes, requests }) => bytes < requests * bodyBytes);
      outcomes.set(server.name, short ? { unavailable: 'wrong answers' } : requestsPerCpuSecond(samples));
      raw.push(...samples.map((sample) => ({ target: server.name, description, ...sample })));
    }
    comparisons.push({ description, outcomes });
  }
  const table = comparisonTable(comparisons, {
    title: 'Hot pages of a private index over a mirror: requests per CPU second',
    targets,
    aims: { nginx: 0.8, devpi: 20, peryx: 1 },
  });
  const notes = plain.size === 0 ? [] : [`not compressed, though asked: ${[...plain].join(', ')}`];
  return {
    tables: [{ ...table, notes: [...table.notes, ...notes] }],
    raw: { hotPages: raw },
  };
}
