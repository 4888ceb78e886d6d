import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { environmentName } from '#kernel/config/setting.ts';
import { commands } from '../src/cli/commands.ts';
import { allOptions, spellingOfOption } from '../src/cli/options.ts';
import { programs } from '../src/cli/programs.ts';
import { optionNames } from '../src/packages/indexes/options.ts';
import { eventsOf, parts, settingsOf } from '../src/parts.ts';
import { allErrors } from '../tools/reference/errors.ts';
import { renderReference } from '../tools/reference/pages.ts';

const root = join(import.meta.dirname, '..');

const isOurs = (path: string) => !/^(?:node_modules|dist|\.cache|\.git)\//.test(path);

const files = readdirSync(root, { withFileTypes: true })
  .flatMap((entry) => {
    if (!entry.isDirectory()) return [entry.name];
    if (!isOurs(`${entry.name}/`)) return [];
    const inner = readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' });
    return inner.map((name) => `${entry.name}/${name}`);
  })
  .filter(isOurs);

const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** Every page that people read, by path. */
const pages = new Map(files.filter((path) => path.endsWith('.md')).map((path) => [path, read(path)]));

/** What is shipped, as one text. */
const sources = files
  .filter((path) => path.startsWith('src/') && path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: read(path) }));

/** One line for each thing in the pages that `find` calls wrong. */
function complaints(pattern: RegExp, isRight: (match: RegExpExecArray, path: string) => boolean): string[] {
  return [...pages].flatMap(([path, text]) =>
    [...text.matchAll(pattern)]
      .filter((match) => !isRight(match, path))
      .map(([found]) => `${path}: ${found}`),
  );
}

describe('the reference is what the code says:', () => {
  test('every page equals what `npm run docs` writes', async () => {
    for (const [path, text] of await renderReference(parts)) expect(pages.get(path), path).toBe(text);
  });

  test('nothing else is in the folder', async () => {
    const generated = [...(await renderReference(parts)).keys()].toSorted();

    expect([...pages.keys()].filter((path) => path.startsWith('docs/reference/')).toSorted()).toEqual(
      generated,
    );
  });
});

/** `packages.file-exists` in the table `Errors` is the constant `packagesErrors.fileExists`. */
function constantOf(declared: string, table: 'Errors' | 'Events'): string {
  const [part = '', name = ''] = declared.split('.');
  return `${part}${table}.${name.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase())}`;
}

function usersOf(constant: string, before = ''): string[] {
  const uses = new RegExp(`${before}\\b${constant.replace('.', '\\.')}\\b`);
  return sources.filter(({ text }) => uses.test(text)).map(({ path }) => path);
}

describe('every type of event', () => {
  const types = eventsOf(parts).map((each) => ({ ...each, constant: constantOf(each.type, 'Events') }));

  test.each(types)('$type says what it means', ({ meaning }) => {
    expect(meaning).toMatch(/^[A-Z`].*\.$/);
  });

  test.each(types)('$type is emitted somewhere', ({ constant }) => {
    expect(usersOf(constant, 'emit\\(\\s*')).not.toEqual([]);
  });
});

describe('every kind of error', () => {
  const kinds = allErrors(parts).map((kind) => ({ ...kind, constant: constantOf(kind.code, 'Errors') }));

  test.each(kinds)('$code says what it means', ({ meaning }) => {
    expect(meaning).toMatch(/^[A-Z`].*\.$/);
  });

  test.each(kinds)('$code is thrown somewhere', ({ constant }) => {
    expect(usersOf(constant)).not.toEqual([]);
  });
});

describe('the pages name', () => {
  test('only errors, settings, events and jobs that there are', () => {
    const named = sources.flatMap(({ text }) =>
      [...text.matchAll(/'((?:kernel|accounts|packages|python|cli)\.[a-z-]+)'/g)].map(
        ([, name = '']) => name,
      ),
    );
    const known = new Set([
      ...allErrors(parts).map(({ code }) => code),
      ...settingsOf(parts).map(({ name }) => name),
      ...eventsOf(parts).map(({ type }) => type),
      ...named,
    ]);

    const pattern = /(?:[`[]|^)((?:kernel|accounts|packages|python|cli)\.[a-z]+(?:-[a-z]+)*)(?=[`\]:])/gm;
    expect(complaints(pattern, ([, name = '']) => known.has(name))).toEqual([]);
  });

  test('only variables that there are', () => {
    const known = new Set(settingsOf(parts).map(({ name }) => environmentName(name)));

    expect(complaints(/\bWHEELHOUSE_[A-Z]\w*/g, ([name]) => known.has(name))).toEqual([]);
  });

  test('only commands and options that there are', async () => {
    const flags = new Map(
      await Promise.all(
        commands.map(async ({ name, load }) => {
          const { command } = await load();
          const own = allOptions(command)
            .map(([key, option]) => spellingOfOption(key, option))
            .join(' ');
          const settings = (command.settings ?? []).map((setting) => `--${setting}`);
          const all = [...settings, ...(own.match(/--?[a-z-]+/g) ?? [])];
          return [name, new Set([...all, '--help'])] as const;
        }),
      ),
    );
    const isRight = ([, line = '']: RegExpExecArray) => {
      if (/^(?:-h|--help|-V|--version)\b/.test(line)) return true;
      const name = [...flags.keys()].find((each) => line === each || line.startsWith(`${each} `));
      if (name === undefined) return false;
      return (line.match(/(?<= )--?[a-z][a-z-]*/g) ?? []).every((flag) => flags.get(name)?.has(flag));
    };

    expect(complaints(/(?:^|`|\$ |\.\/)wheelhouse ([a-z-][^`\n|&>]*)/gm, isRight)).toEqual([]);
  });

  test('only index options that there are', () => {
    const known = /^src\/packages\/(?:indexes\/options|tables)\.ts$/;
    const text = sources.flatMap((source) => (known.test(source.path) ? [source.text] : [])).join('');

    expect(complaints(/\b(?:mirror|acl)_[a-z_]+/g, ([name]) => text.includes(name))).toEqual([]);
  });

  test('only files and folders that there are', () => {
    const isThere = ([, path = '']: RegExpExecArray, page: string) =>
      existsSync(join(root, path)) || existsSync(join(root, dirname(page), path));

    expect(complaints(/`((?:src|test|bench|tools|docs)\/[\w./-]*)`/g, isThere)).toEqual([]);
  });

  test('only scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

    expect(complaints(/npm run ([\w:]+)/g, ([, name = '']) => Object.hasOwn(scripts, name))).toEqual([]);
  });
});

test('every link between pages leads somewhere', () => {
  const slugs = (text: string) =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  const isThere = ([, target = '']: RegExpExecArray, from: string) => {
    if (/^[a-z]+:/.test(target)) return true;
    const [path = '', anchor] = target.split('#');
    const to = path === '' ? from : join(dirname(from), path);
    if (anchor === undefined) return existsSync(join(root, to));
    return slugs(pages.get(to) ?? '').includes(anchor);
  };

  expect(complaints(/\]\(([^)\s]+)\)/g, isThere)).toEqual([]);
});

test('the map in ARCHITECTURE.md has every folder of src and of its parts', () => {
  const folders = (path: string) =>
    readdirSync(join(root, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${name}/`);
  const [, tree = ''] = /^```\n(src\/[\s\S]*?)^```/m.exec(pages.get('ARCHITECTURE.md') ?? '') ?? [];
  const at = (indent: number) =>
    [...tree.matchAll(new RegExp(`^ {${indent}}([\\w-]+/)`, 'gm'))].map(([, name = '']) => name);

  expect(at(2).toSorted()).toEqual(folders('src').toSorted());
  expect(at(4).toSorted()).toEqual(
    ['kernel', 'accounts', 'packages', 'builds', 'site'].flatMap((part) => folders(`src/${part}`)).toSorted(),
  );
});

test('every page can be reached from the README', () => {
  const reached = new Set<string>();
  const follow = (path: string): void => {
    if (reached.has(path) || !pages.has(path)) return;
    reached.add(path);
    for (const [, target = ''] of (pages.get(path) ?? '').matchAll(/\]\(([^)\s#]+)/g)) {
      follow(join(dirname(path), target));
    }
  };
  follow('README.md');

  expect([...pages.keys()].filter((path) => !reached.has(path))).toEqual([]);
});

test.each([
  ['stage', 'docs/guides/private-index.md'],
  ['mirror', 'docs/guides/mirror.md'],
] as const)('the guide to a %s has all its options', (type, path) => {
  const documented = [...(pages.get(path) ?? '').matchAll(/^\| `(?!wheelhouse_)([a-z_]+)` \|/gm)].map(
    ([, name]) => name,
  );

  expect(documented.toSorted()).toEqual([...optionNames[type]].toSorted());
});

test('every program that Wheelhouse answers for is in its reference', () => {
  for (const { name } of programs) expect(pages.get('docs/reference/cli.md')).toContain(`## ${name}\n`);
});
