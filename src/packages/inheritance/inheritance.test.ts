import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { sdistUpload, wheelUpload } from '#test/uploads.ts';
import { getIndex } from '../indexes/find.ts';
import { type Index, fullName } from '../model/index.ts';
import { resolveBases } from './resolve.ts';
import { decideVisibility } from './shadowing.ts';

interface StageOptions {
  readonly joins?: boolean;
  readonly whitelist?: string[];
  readonly inheritance?: 'union' | 'intersection';
}

let ids = 0;

function stage(
  name: string,
  { joins = false, whitelist = [], inheritance = 'intersection' }: StageOptions = {},
): Index {
  const options = {
    joins_mirrors: joins,
    mirror_whitelist: whitelist,
    mirror_whitelist_inheritance: inheritance,
  };
  return { id: (ids += 1), user: 'u', name, type: 'stage', options, isTrusted: false };
}

function mirror(name = 'pypi'): Index {
  return { id: (ids += 1), user: 'root', name, type: 'mirror', options: {}, isTrusted: false };
}

describe('of the indexes that may contribute to a project', () => {
  /** Names of the visible indexes when those in `having` have the project. */
  function visible(order: readonly Index[], having: readonly string[], project = 'demo') {
    const decisions = decideVisibility(order, project, ({ name }) => having.includes(name));
    return {
      names: decisions.filter(({ isVisible }) => isVisible).map(({ index }) => index.name),
      isMirrorHidden: decisions.some(({ rule }) => rule.startsWith('hidden')),
    };
  }

  test.each([
    ['only those that have it', [stage('dev'), stage('qa'), mirror()], ['qa'], ['qa'], true],
    ['the mirror, when no stage has it', [stage('dev'), mirror()], ['pypi'], ['pypi'], false],
    ['never the mirror, when a stage has it', [stage('dev'), mirror()], ['dev', 'pypi'], ['dev'], true],
    [
      'never the mirror, when a base has it',
      [stage('dev'), stage('prod'), mirror()],
      ['prod', 'pypi'],
      ['prod'],
      true,
    ],
    [
      'also the mirror, when the project is whitelisted',
      [stage('dev', { whitelist: ['demo'] }), mirror()],
      ['dev', 'pypi'],
      ['dev', 'pypi'],
      false,
    ],
    [
      'also the mirror, when everything is whitelisted',
      [stage('dev', { whitelist: ['*'] }), mirror()],
      ['dev', 'pypi'],
      ['dev', 'pypi'],
      false,
    ],
    [
      'a stage that joins mirrors and the mirror',
      [stage('wheels', { joins: true }), mirror()],
      ['wheels', 'pypi'],
      ['wheels', 'pypi'],
      false,
    ],
    [
      'neither of the two when a stage has it, wherever that stands',
      [stage('wheels', { joins: true }), stage('dev'), mirror()],
      ['wheels', 'dev', 'pypi'],
      ['dev'],
      true,
    ],
    [
      'both beside a stage that whitelists it',
      [stage('dev', { whitelist: ['demo'] }), stage('wheels', { joins: true }), mirror()],
      ['dev', 'wheels', 'pypi'],
      ['dev', 'wheels', 'pypi'],
      false,
    ],
    [
      'not the mirror, when another project is whitelisted',
      [stage('dev', { whitelist: ['other'] }), mirror()],
      ['dev', 'pypi'],
      ['dev'],
      true,
    ],
    [
      'the mirror after a whitelist on the way, which sticks',
      [stage('dev', { whitelist: ['*'] }), stage('qa'), mirror()],
      ['dev', 'qa', 'pypi'],
      ['dev', 'qa', 'pypi'],
      false,
    ],
    [
      'not the mirror, when the intersection with an empty list comes first',
      [stage('dev'), stage('qa', { whitelist: ['*'] }), mirror()],
      ['qa', 'pypi'],
      ['qa'],
      true,
    ],
    [
      'the mirror, when the asked index unites the lists',
      [stage('dev', { inheritance: 'union' }), stage('qa', { whitelist: ['demo'] }), mirror()],
      ['qa', 'pypi'],
      ['qa', 'pypi'],
      false,
    ],
    [
      'not the mirror, when only a base unites the lists',
      [stage('dev'), stage('qa', { whitelist: ['demo'], inheritance: 'union' }), mirror()],
      ['qa', 'pypi'],
      ['qa'],
      true,
    ],
    [
      'every mirror, when nothing is private',
      [stage('dev'), mirror('a'), mirror('b')],
      ['a', 'b'],
      ['a', 'b'],
      false,
    ],
    [
      'no mirror at all, when something is private',
      [stage('dev'), mirror('a'), mirror('b')],
      ['dev', 'a', 'b'],
      ['dev'],
      true,
    ],
    ['the mirror that was asked itself', [mirror()], ['pypi'], ['pypi'], false],
  ] as const)('there is %s', (_what, order, having, names, isMirrorHidden) => {
    expect(visible(order, having)).toEqual({ names, isMirrorHidden });
  });

  test('an index stored without a rule for whitelists unites them, as old dumps need', () => {
    const old: Index = { id: 0, user: 'u', name: 'dev', type: 'stage', options: {}, isTrusted: false };

    expect(visible([old, stage('qa', { whitelist: ['demo'] }), mirror()], ['qa', 'pypi']).names).toEqual([
      'qa',
      'pypi',
    ]);
  });
});

describe.each(databases)('inheritance on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  async function order(index: TestIndex): Promise<string[]> {
    const { db } = app.context;
    return (await resolveBases(db, await getIndex(db, index.user.name, index.name))).map(fullName);
  }

  async function rebase(index: TestIndex, bases: readonly string[]): Promise<void> {
    const response = await app.request('PATCH', index.path, { json: { bases }, auth: index.user.auth });
    expect(response.status).toBe(200);
    await app.events();
  }

  test('bases are visited breadth first, mirrors last, each once', async () => {
    const prod = await app.index({ bases: ['root/pypi'] });
    const left = await app.index({ bases: [prod.full] });
    const right = await app.index({ bases: ['root/pypi', prod.full] });
    const dev = await app.index({ bases: ['root/pypi', left.full, right.full] });

    expect(await order(dev)).toEqual([dev.full, left.full, right.full, prod.full, 'root/pypi']);
  });

  test('a deeper base comes after a wider one', async () => {
    const deep = await app.index();
    const first = await app.index({ bases: [deep.full] });
    const second = await app.index();
    const dev = await app.index({ bases: [first.full, second.full] });

    expect(await order(dev)).toEqual([dev.full, first.full, second.full, deep.full]);
  });

  test('circles end', async () => {
    const a = await app.index();
    const b = await app.index({ bases: [a.full] });
    await rebase(a, [b.full, a.full]);

    expect(await order(a)).toEqual([a.full, b.full]);
    expect(await order(b)).toEqual([b.full, a.full]);
  });

  test('a base that was deleted is skipped', async () => {
    const base = await app.index();
    const dev = await app.index({ bases: [base.full] });
    await app.fill(base, wheelUpload());
    await app.fill(dev, wheelUpload({ version: '2.0' }));
    await app.request('DELETE', base.path, { auth: base.user.auth });
    await app.events();

    expect(await order(dev)).toEqual([dev.full]);
    expect(await app.filenames(dev)).toEqual(['demo-2.0-py3-none-any.whl']);
  });

  test('a page merges the files of all indexes, and the nearer one wins a name', async () => {
    const base = await app.index();
    const dev = await app.index({ bases: [base.full] });
    await app.fill(
      base,
      wheelUpload({ description: 'base' }),
      sdistUpload(),
      wheelUpload({ version: '0.9' }),
    );
    await app.fill(dev, wheelUpload({ description: 'dev' }));

    const page = await app.page(dev);

    expect(page.versions).toEqual(['0.9', '1.0']);
    expect(page.files.map(({ filename, url }: { filename: string; url: string }) => [filename, url])).toEqual(
      [
        ['demo-0.9-py3-none-any.whl', expect.stringMatching(`^../../../../${base.full}/\\+f/`)],
        ['demo-1.0-py3-none-any.whl', expect.stringMatching('^../../\\+f/')],
        ['demo-1.0.tar.gz', expect.stringMatching(`^../../../../${base.full}/\\+f/`)],
      ],
    );
    for (const filename of await app.filenames(dev)) {
      expect((await app.get(await app.filePath(dev, filename))).status).toBe(200);
    }
  });

  test('the list of projects is that of all indexes, each name once', async () => {
    const base = await app.index();
    const dev = await app.index({ bases: [base.full] });
    await app.fill(base, wheelUpload({ name: 'both' }), wheelUpload({ name: 'Only.Base' }));
    await app.fill(dev, wheelUpload({ name: 'both' }), wheelUpload({ name: 'a-dev' }));

    const list = await app.get(`${dev.path}/+simple/`, { accept: 'application/vnd.pypi.simple.v1+json' });

    expect(list.json().projects).toEqual([{ name: 'a-dev' }, { name: 'both' }, { name: 'only-base' }]);
  });

  test('a version that a base has too is shown with what it shadows', async () => {
    const base = await app.index();
    const dev = await app.index({ bases: [base.full] });
    await app.fill(base, sdistUpload({ metadata: { Summary: 'base' } }), wheelUpload({ version: '0.9' }));
    await app.fill(dev, wheelUpload({ metadata: { Summary: 'dev' } }));

    const { result } = (await app.get(`${dev.path}/demo`, { accept: 'application/json' })).json();

    expect(Object.keys(result)).toEqual(['1.0', '0.9']);
    expect(result['1.0']).toMatchObject({ summary: 'dev', '+shadowing': [{ summary: 'base' }] });
    expect(result['1.0']['+links']).toHaveLength(1);
    expect(result['0.9']).not.toHaveProperty('+shadowing');
    const own = (await app.get(`${dev.path}/demo?ignore_bases`, { accept: 'application/json' })).json();
    expect(Object.keys(own.result)).toEqual(['1.0']);
    expect(own.result['1.0']).not.toHaveProperty('+shadowing');
  });

  test('what a base changes is seen at once', async () => {
    const grandparent = await app.index();
    const parent = await app.index({ bases: [grandparent.full] });
    const dev = await app.index({ bases: [parent.full] });
    expect(await app.page(dev)).toBe(404);

    await app.fill(grandparent, wheelUpload());
    expect(await app.filenames(dev)).toEqual(['demo-1.0-py3-none-any.whl']);
    await rebase(parent, []);
    expect(await app.page(dev)).toBe(404);
    await rebase(parent, [grandparent.full]);
    expect(await app.filenames(dev)).toEqual(['demo-1.0-py3-none-any.whl']);
    await app.request('DELETE', grandparent.path, { auth: grandparent.user.auth });
    expect(await app.page(dev)).toBe(404);
    await app.events();
  });
});
