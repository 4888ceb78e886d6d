import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Import {
  /** As written. */
  readonly specifier: string;
  /** From the root of the repository, or undefined for a package. */
  readonly target: string | undefined;
  readonly isDynamic: boolean;
  /** Leaves nothing behind at run time. */
  readonly isType: boolean;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const { imports: doors } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  imports: Record<string, string>;
};

const all = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readSource(join('src', name)));
/** What is shipped. */
const sources = all.filter(({ path }) => !path.endsWith('.test.ts'));

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, imports: findImports(path, withoutComments(text)) };
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function findImports(path: string, code: string): Import[] {
  const pattern =
    /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|\bnew URL\('(\.[^']+)', import\.meta\.url\)/gm;
  return [...code.matchAll(pattern)].map(([, type, fixed, dynamic, worker]) => {
    const specifier = fixed ?? dynamic ?? worker ?? '';
    return {
      specifier,
      target: resolveImport(path, specifier),
      isDynamic: fixed === undefined,
      isType: type !== undefined,
    };
  });
}

function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(from), specifier);
  if (!specifier.startsWith('#')) return undefined;
  for (const [door, place] of Object.entries(doors)) {
    if (door === specifier) return join(place);
    const [start = ''] = door.split('*');
    if (door.endsWith('*') && specifier.startsWith(start)) {
      return join(place.replace('*', specifier.slice(start.length)));
    }
  }
  return `no door ${specifier}`;
}

/** `src/packages/x.ts` is of the part packages; `src/wiring.ts` is its own. */
function partOf(path: string): string {
  const [, part = ''] = path.split('/');
  return part.replace(/\.ts$/, '');
}

/** Which part may import which others; itself is understood. */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  web: ['kernel'],
  python: ['kernel'],
  accounts: ['kernel', 'web'],
  packages: ['kernel', 'web', 'python', 'accounts'],
  builds: ['kernel', 'web', 'python', 'accounts', 'packages'],
  apps: ['kernel', 'web', 'python', 'accounts', 'packages', 'builds'],
  hosts: ['kernel', 'web', 'python', 'accounts', 'packages', 'builds', 'apps'],
  site: ['kernel', 'web', 'accounts', 'packages', 'builds', 'apps', 'hosts'],
  parts: ['kernel', 'web', 'accounts', 'packages', 'builds', 'apps', 'hosts', 'site'],
  cli: ['kernel', 'python', 'accounts', 'packages', 'builds', 'apps', 'hosts', 'parts', 'wiring'],
  wiring: ['kernel', 'web', 'parts'],
  main: ['cli'],
};

/** Parts that other parts enter through their door only; kernel and web are open to all. */
const closedParts = ['accounts', 'packages', 'builds', 'apps', 'hosts', 'site'];

function problems(find: (source: Source) => readonly string[], among: readonly Source[] = sources): string[] {
  return among.flatMap((source) => find(source).map((problem) => `${source.path} ${problem}`));
}

const ofOtherParts = ({ path, imports }: Source) =>
  imports.filter(({ target }) => target?.startsWith('src/') && partOf(target) !== partOf(path));

describe('the house', () => {
  test('has no part that this test does not know', () => {
    expect(
      problems(({ path }) => (partOf(path) in mayUse ? [] : ['belongs to no part: name it in mayUse'])),
    ).toEqual([]);
  });

  test('lets parts import only what is left of them in the design', () => {
    const wrong = problems((source) =>
      ofOtherParts(source)
        .filter(({ target = '' }) => !mayUse[partOf(source.path)]?.includes(partOf(target)))
        .map(
          ({ target = '' }) =>
            `imports ${target}, but ${partOf(source.path)} may not use ${partOf(target)}: emit an event, or pass it in from wiring.ts`,
        ),
    );

    expect(wrong).toEqual([]);
  });

  test('reads the formats of Python packaging without knowing anything of ours but errors', () => {
    const wrong = problems((source) =>
      partOf(source.path) !== 'python' || source.path.endsWith('.test.ts')
        ? []
        : ofOtherParts(source)
            .filter(({ target = '' }) => !target.startsWith('src/kernel/errors/'))
            .map(({ target = '' }) => `imports ${target}: pass in what it needs`),
    );

    expect(wrong).toEqual([]);
  });

  test('is entered through doors', () => {
    const wrong = problems((source) =>
      ofOtherParts(source)
        .filter(({ target = '' }) => closedParts.includes(partOf(target)))
        .filter(({ specifier }) => !/^#[a-z]+(?:\/(?:contract|part))?$/.test(specifier))
        .map(
          ({ target = '', specifier }) => `reaches into ${target} by ${specifier}: use #${partOf(target)}`,
        ),
    );

    expect(wrong).toEqual([]);
  });

  test('names other parts by #door, not by ../', () => {
    const wrong = problems((source) =>
      ofOtherParts(source)
        .filter(
          ({ specifier, target }) =>
            specifier.startsWith('.') && !/^src\/(?:wiring|parts)\.ts$/.test(target ?? ''),
        )
        .filter(() => !['main', 'wiring', 'parts'].includes(partOf(source.path)))
        .map(({ specifier }) => `imports ${specifier}: use the # name that package.json gives it`),
    );

    expect(wrong).toEqual([]);
  });

  test('imports files that exist', () => {
    const paths = new Set(all.map(({ path }) => path));
    const wrong = problems(
      ({ imports }) =>
        imports
          .filter(({ target }) => target !== undefined && !target.startsWith('test/') && !paths.has(target))
          .map(({ specifier }) => `imports ${specifier}, which is no file`),
      all,
    );

    expect(wrong).toEqual([]);
  });

  test('has no circle of imports', () => {
    const edges = new Map(
      sources.map(({ path, imports }) => [
        path,
        imports
          .filter(({ isType, isDynamic }) => !isType && !isDynamic)
          .flatMap(({ target }) => target ?? []),
      ]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    function visit(path: string, way: readonly string[]): void {
      if (way.includes(path)) {
        circles.push([...way.slice(way.indexOf(path)), path].join(' -> '));
        return;
      }
      if (done.has(path)) return;
      for (const next of edges.get(path) ?? []) visit(next, [...way, path]);
      done.add(path);
    }

    for (const path of edges.keys()) visit(path, []);

    expect(circles).toEqual([]);
  });

  /** Routes and pages stand above every folder of their part, and so does what opens it. */
  const topFloor = /\/(?:(?:page-)?routes|pages|hot-path|open|part|public)\.ts$/;

  test.each(['kernel', 'python', 'accounts', 'packages', 'builds', 'site'])(
    'has no circle of folders in %s',
    (part) => {
      const folderOf = (path = '') =>
        new RegExp(`^src/${part}/([^/]+)/`).exec(topFloor.test(path) ? '' : path)?.[1];
      const edges = new Map<string, Map<string, string>>();
      for (const { path, imports } of sources) {
        const from = folderOf(path);
        for (const { target } of imports) {
          const to = folderOf(target);
          if (from === undefined || to === undefined || from === to) continue;
          const known = edges.get(from) ?? new Map<string, string>();
          edges.set(from, known.set(to, `${path} imports ${target}`));
        }
      }
      const circles: string[] = [];
      function visit(folder: string, way: readonly (readonly [string, string])[]): void {
        const start = way.findIndex(([before]) => before === folder);
        if (start >= 0)
          circles.push(
            way
              .slice(start)
              .map(([, why]) => why)
              .join(', and '),
          );
        else for (const [next, why] of edges.get(folder) ?? []) visit(next, [...way, [folder, why]]);
      }

      for (const folder of edges.keys()) visit(folder, []);

      expect(circles).toEqual([]);
    },
  );

  test('ships nothing of the tests', () => {
    expect(
      problems(({ imports }) =>
        imports
          .filter(({ specifier, target }) => specifier === 'vitest' || target?.startsWith('test/'))
          .map(({ specifier }) => `imports ${specifier}: that is for tests only`),
      ),
    ).toEqual([]);
  });
});

describe('the command line', () => {
  const kernelForCli = [
    'http/trusted-fetch',
    'in-parallel',
    'config',
    'errors',
    'progress',
    'process',
    'version',
    'log',
  ];
  const cli = sources.filter(({ path }) => partOf(path) === 'cli');

  test('is there', () => {
    expect(cli.length).toBeGreaterThan(3);
  });

  test('starts with contracts and a little of the kernel only; the rest is loaded when it is needed', () => {
    const wrong = problems(
      (source) =>
        ofOtherParts(source)
          .filter(({ isDynamic, isType }) => !isDynamic && !isType)
          .filter(({ specifier }) => !specifier.endsWith('/contract') && !specifier.startsWith('#python/'))
          .filter(({ target }) => target !== 'src/parts.ts')
          .filter(
            ({ target = '' }) =>
              !kernelForCli.some((name) => new RegExp(`^src/kernel/${name}[/.]`).test(target)),
          )
          .map(({ specifier }) => `imports ${specifier} at once: use await import() where it is needed`),
      cli,
    );

    expect(wrong).toEqual([]);
  });

  test('loads the server only in the commands that are one', () => {
    const serverCommands =
      /^src\/cli\/(?:serve-until-stopped|reset-locally|dumps\/run-(?:im|ex)port|programs\/devpi-\w+|commands\/(?:serve|doctor|backup|restore|promote|bundle\/import|init|import|export|prime|builder))\b/;
    const wrong = problems(
      (source) =>
        ofOtherParts(source)
          .filter(({ target }) => target === 'src/wiring.ts')
          .filter(() => !serverCommands.test(source.path))
          .map(() => 'loads wiring.ts: a client talks HTTP'),
      cli,
    );

    expect(wrong).toEqual([]);
  });

  test('answers --help without a database or a web server', () => {
    const heavy = ['fastify', 'kysely', 'pg', 'node:sqlite', '@fastify/busboy', 'hash-wasm', 'prom-client'];
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const chains: string[] = [];
    const seen = new Set<string>();
    function follow(path: string, way: readonly string[]): void {
      if (seen.has(path)) return;
      seen.add(path);
      for (const { specifier, target, isDynamic, isType } of byPath.get(path)?.imports ?? []) {
        if (isDynamic || isType) continue;
        if (target !== undefined) follow(target, [...way, path]);
        else if (heavy.includes(specifier)) chains.push([...way, path, specifier].join(' -> '));
      }
    }

    follow('src/cli/frame.ts', []);

    expect(seen.size).toBeGreaterThan(1);
    expect(chains).toEqual([]);
  });
});

describe('what is dangerous has one place:', () => {
  interface Place {
    readonly what: string;
    readonly pattern: RegExp;
    readonly where: RegExp;
    readonly instead: string;
  }

  const importing = (name: string) => new RegExp(`from '${name}'|import\\('${name}'\\)`);

  test.each<Place>([
    {
      what: 'starting programs',
      pattern: importing('(?:node:)?child_process'),
      where: /^src\/kernel\/process\//,
      instead: 'use run() of #kernel/process/run.ts',
    },
    {
      what: 'execa',
      pattern: importing('execa'),
      where: /^src\/kernel\/process\//,
      instead: 'use run() of #kernel/process/run.ts',
    },
    {
      what: 'the environment',
      pattern: /\bprocess\.env\b/,
      where: /^src\/kernel\/config\/environment\.ts$/,
      instead: 'declare a setting in the settings.ts of the part and read it from the config',
    },
    {
      what: 'SQL',
      pattern: importing('kysely'),
      where: /\/(?:store|tables|kernel-tables)\.ts$|^src\/kernel\/(?:db|events|jobs)\//,
      instead: 'move the query into the store.ts of its folder',
    },
    {
      what: 'queries',
      pattern: /\.(?:selectFrom|insertInto|updateTable|deleteFrom|withTables)\b/,
      where: /\/store\.ts$|^src\/kernel\/(?:db|events|jobs)\//,
      instead: 'move the query into the store.ts of its folder',
    },
    {
      what: 'SQLite',
      pattern: importing('node:sqlite'),
      where: /^src\/kernel\/db\//,
      instead: 'use the db of the context',
    },
    {
      what: 'printing',
      pattern: /\bprocess\.(?:stdout|stderr)\b/,
      where: /^src\/cli\/|^src\/kernel\/(?:log|progress)/,
      instead: 'log to context.log, or report to a Progress',
    },
    {
      what: 'the arguments library',
      pattern: importing('commander'),
      where: /^src\/cli\/frame\.ts$/,
      instead: 'export a Command object; frame.ts reads the arguments',
    },
    {
      what: 'ending the process',
      pattern: /\bprocess\.exit\b/,
      where: /^src\/(?:main\.ts|cli\/)/,
      instead: 'throw an AppError',
    },
    {
      what: 'shells',
      pattern: /\bshell:\s*true\b|\bexecSync\(|\['sh',\s*'-c'|\['bash',\s*'-c'/,
      where: /^$/,
      instead: 'pass an argument vector to run()',
    },
    {
      what: 'evaluated text',
      pattern: /\beval\(|\bnew Function\(|from 'node:vm'/,
      where: /^$/,
      instead: 'write it as code',
    },
  ])('$what', ({ pattern, where, instead }) => {
    const wrong = problems(({ path, text }) => {
      const lines = withoutComments(text).split('\n');
      return where.test(path)
        ? []
        : lines.filter((line) => pattern.test(line)).map((line) => `has \`${line.trim()}\`: ${instead}`);
    });

    expect(wrong).toEqual([]);
    expect(where.source === '^$' || sources.some(({ path }) => where.test(path)), 'the place is gone').toBe(
      true,
    );
  });
});

test('the readers of imports see what there is', () => {
  const code = [
    "import { a } from './a.ts';",
    "import type { B } from '#kernel/clock.ts';",
    "import {\n  c,\n  type D,\n} from '#packages';",
    "export { e } from './e.ts';",
    "import 'side-effect';",
    "const f = await import('./f.ts');",
    "const text = 'import x from nowhere';",
  ].join('\n');

  expect(
    findImports('src/x/y.ts', code).map(({ specifier, target, isDynamic, isType }) => [
      specifier,
      target,
      isDynamic,
      isType,
    ]),
  ).toEqual([
    ['./a.ts', 'src/x/a.ts', false, false],
    ['#kernel/clock.ts', 'src/kernel/clock.ts', false, true],
    ['#packages', 'src/packages/public.ts', false, false],
    ['./e.ts', 'src/x/e.ts', false, false],
    ['side-effect', undefined, false, false],
    ['./f.ts', 'src/x/f.ts', true, false],
  ]);
  expect(relative(root, import.meta.filename)).toBe('test/architecture.test.ts');
});

test('the version that the program tells is that of its package', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

  expect(readFileSync(join(root, 'src/kernel/version.ts'), 'utf8')).toContain(`'${version}'`);
});

test('the list of commands says of each what the command says of itself', async () => {
  const { commands } = await import('../src/cli/commands.ts');

  for (const { name, summary, load } of commands) expect((await load()).command.summary, name).toBe(summary);
});
