import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHash } from 'node:crypto';
import { ROOT, testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { TestClock } from '#test/clock.ts';
import { databases } from '#test/databases.ts';
import { sdistUpload, wheelUpload, type Upload } from '#test/uploads.ts';
import type { BuildsContext } from './context.ts';
import { BUILDER_PROTOCOL } from './contract.ts';
import { deriveProject } from './needs/derive-project.ts';
import { returnLostJob } from './leases/return-lost.ts';

const TARGETS = ['cp311-linux_x86_64', 'cp313-linux_x86_64'];

interface Leased {
  readonly build: number;
  readonly project: string;
  readonly version: string;
  readonly target: string;
  readonly failures: number;
  readonly sdist: { readonly filename: string; readonly path: string; readonly sha256: string };
}

describe.each(databases)('builds on %s', (database) => {
  const clock = new TestClock();
  let app: TestApp;
  let names = 0;
  beforeAll(async () => {
    app = await testApp({ database, clock });
  });
  afterAll(() => app.close());

  const context = () => app.context as BuildsContext;
  const ask = (method: string, path: string, json?: unknown) =>
    app.request(method, path, { auth: ROOT, ...(json !== undefined && { json }) });

  async function builder(targets: readonly string[] = TARGETS) {
    const [name, session] = [`farm-${(names += 1)}`, `session-${names}`];
    const body = { name, session, version: '0.1.0', protocol: BUILDER_PROTOCOL, targets };
    const registered = await ask('POST', '/+builders', body);
    expect(registered.status, registered.text).toBe(200);
    const lease = async (): Promise<Leased | null> => {
      const answer = await ask('POST', `/+builders/${name}/lease`, { session });
      expect(answer.status, answer.text).toBe(200);
      return answer.json().lease as Leased | null;
    };
    return { name, session, lease };
  }

  /** A stage that builds, with an sdist of `demo`, and what is to be built found out. */
  async function stage(
    targets: readonly string[] = ['cp311', 'cp313'],
    upload = sdistUpload(),
  ): Promise<TestIndex> {
    // What other tests left to do must not be leased here.
    await empty();
    const index = await app.index({ build_targets: targets });
    await app.fill(index, upload);
    await derive(index);
    return index;
  }

  async function derive({ full }: TestIndex, project = 'demo'): Promise<number> {
    const jobs = (await app.contents()).rows['job'] ?? [];
    const job = jobs
      .map((row) => JSON.parse(String(row)) as { name: string; payload: string })
      .map(({ name, payload }) => ({
        name,
        payload: JSON.parse(payload) as { index: number; project: string },
      }))
      .findLast(({ name, payload }) => name === 'builds.derive-project' && payload.project === project);
    expect(job, `${full} has enqueued nothing`).toBeDefined();
    return await deriveProject(context(), { indexId: job?.payload.index ?? 0, project });
  }

  async function empty(): Promise<void> {
    const db = app.context.db.withTables<{ build_need: object; job: { name: string } }>();
    await db.deleteFrom('build_need').execute();
    await db.deleteFrom('job').where('name', '=', 'builds.derive-project').execute();
  }

  async function bring({ build }: Leased, { filename, content }: Upload, sha256 = digestOf(content)) {
    const path = `/+builds/${build}/files/${filename}?sha256=${sha256}`;
    const headers = { 'content-type': 'application/octet-stream' };
    return await app.request('PUT', path, { body: content, auth: ROOT, headers });
  }

  const succeed = (build: number, files: readonly string[]) =>
    ask('POST', `/+builds/${build}/result`, {
      state: 'succeeded',
      seconds: 2,
      files,
      record: { inputs: [] },
    });
  const fail = (build: number, retryAfterSeconds: number | null) =>
    ask('POST', `/+builds/${build}/result`, {
      state: 'failed',
      seconds: 2,
      failure: 'missing-header',
      detail: 'git2.h is missing',
      retryAfterSeconds,
      record: {},
    });
  const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const compiled = (python: string) => wheelUpload({ tag: `${python}-${python}-linux_x86_64` });

  test('an uploaded sdist gets its wheels, in its own release', async () => {
    const index = await stage();
    const { lease } = await builder();
    const first = await lease();
    expect(first).toMatchObject({ project: 'demo', version: '1.0', target: TARGETS[0], failures: 0 });
    // Nobody knows yet whether one wheel will do for both.
    expect(await lease()).toBeNull();

    const wheel = compiled('cp311');
    expect((await bring(first!, wheel)).status).toBe(200);
    expect(await app.filenames(index)).toEqual(['demo-1.0.tar.gz']);
    await app.events();
    expect((await succeed(first!.build, [wheel.filename])).status).toBe(200);

    expect(await app.events()).toEqual(['packages.file-uploaded', 'builds.build-succeeded']);
    expect(await app.filenames(index)).toEqual([wheel.filename, 'demo-1.0.tar.gz'].toSorted());
    expect((await app.get(await app.filePath(index, wheel.filename))).bytes).toEqual(wheel.content);
    expect(await derive(index)).toBe(1);
    expect(await lease()).toMatchObject({ target: TARGETS[1] });
    // Sent again, nothing changes.
    expect((await succeed(first!.build, [wheel.filename])).status).toBe(200);
    expect(await app.events()).toEqual([]);
  });

  test('whose file stands there is told to who uploads another of its name', async () => {
    const index = await stage(['cp311']);
    expect(
      (await app.request('PATCH', index.path, { json: ['volatile=False'], auth: index.user.auth })).status,
    ).toBe(200);
    const { lease } = await builder();
    const first = await lease();
    const wheel = wheelUpload();
    await bring(first!, wheel);
    await succeed(first!.build, [wheel.filename]);

    const other = await app.upload(index, wheelUpload({ files: { 'other.txt': 'x' } }));

    expect(other.status).toBe(409);
    expect(other.text).toContain(`build ${first!.build} made it here`);
    expect((await app.upload(index, wheel)).status).toBe(200);
  });

  test('a pure wheel is enough for all targets', async () => {
    const index = await stage();
    const { lease } = await builder();
    const first = await lease();
    const wheel = wheelUpload();
    await bring(first!, wheel);
    await succeed(first!.build, [wheel.filename]);

    // Also before anybody has looked again.
    expect(await lease()).toBeNull();
    expect(await derive(index)).toBe(0);
    expect(await lease()).toBeNull();
  });

  test('two builders never have the same build', async () => {
    await stage(['cp311']);
    const builders = await Promise.all([builder(), builder(), builder(), builder()]);

    const leases = await Promise.all(builders.map(({ lease }) => lease()));

    expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
  });

  test('a failure is final, or is tried again after its time, or when somebody asks', async () => {
    const index = await stage(['cp311']);
    const { lease } = await builder();
    const first = await lease();
    await app.events();
    expect((await fail(first!.build, 60)).status).toBe(200);
    expect(await app.events()).toEqual(['builds.build-failed']);
    expect(await derive(index)).toBe(1);
    expect(await lease()).toBeNull();

    clock.advance(61_000);
    const second = await lease();
    expect(second).toMatchObject({ failures: 1 });
    await fail(second!.build, null);
    expect(await derive(index)).toBe(0);

    const shown = (await ask('GET', `/+builds/${second!.build}`)).json();
    expect(shown).toMatchObject({ state: 'failed', failure: 'missing-header', detail: 'git2.h is missing' });
    expect((await ask('POST', `/+builds/${second!.build}/retry`)).status).toBe(200);
    expect(await derive(index)).toBe(1);
    expect(await lease()).toMatchObject({ failures: 2 });
  });

  test('a builder that is silent loses its build to another one, and is told', async () => {
    const index = await stage(['cp311']);
    const [lost, other] = [await builder(), await builder()];
    const first = await lost.lease();
    const wheel = compiled('cp311');
    await bring(first!, wheel);
    clock.advance(60_000);
    expect((await ask('POST', `/+builds/${first!.build}/heartbeat`)).json()).toEqual({ goesOn: true });
    clock.advance(121_000);

    const noFence = { signal: AbortSignal.timeout(60_000), fence: async () => undefined };
    await returnLostJob(context()).run(null, noFence);

    expect((await ask('POST', `/+builds/${first!.build}/heartbeat`)).json()).toEqual({ goesOn: false });
    expect((await succeed(first!.build, [wheel.filename])).status).toBe(409);
    expect((await bring(first!, wheel)).status).toBe(409);
    expect(await derive(index)).toBe(1);
    expect(await other.lease()).toMatchObject({ project: 'demo' });
    expect(await app.filenames(index)).toEqual(['demo-1.0.tar.gz']);
  });

  test.each([
    ['is of another release', wheelUpload({ name: 'demo', version: '2.0' }), 'bad-wheel'],
    ['does not fit the target', compiled('cp312'), 'bad-wheel'],
    ['was not brought', undefined, 'bad-wheel'],
  ])('a wheel that %s makes the build a failed one', async (_what, wheel, failure) => {
    const index = await stage(['cp311']);
    const { lease } = await builder();
    const first = await lease();
    if (wheel !== undefined) expect((await bring(first!, wheel)).status).toBe(200);

    await succeed(first!.build, [wheel?.filename ?? 'demo-1.0-py3-none-any.whl']);

    expect((await ask('GET', `/+builds/${first!.build}`)).json()).toMatchObject({ state: 'failed', failure });
    expect(await app.filenames(index)).toEqual(['demo-1.0.tar.gz']);
  });

  test('bytes that are not those of the builder are refused, and so is what is no wheel of the project', async () => {
    await stage(['cp311']);
    const { lease } = await builder();
    const first = await lease();

    expect((await bring(first!, compiled('cp311'), '0'.repeat(64))).status).toBe(422);
    expect((await bring(first!, wheelUpload({ name: 'other' }))).status).toBe(422);
    expect((await bring(first!, sdistUpload())).status).toBe(422);
  });

  test('a log grows while a build runs, piece by piece, each once, and stays', async () => {
    await stage(['cp311']);
    const { lease } = await builder();
    const first = await lease();
    const send = (position: number, text: string) =>
      ask('POST', `/+builds/${first!.build}/log`, { position, text });
    const read = async (query = '') => (await ask('GET', `/+builds/${first!.build}/log${query}`)).text;

    expect((await send(0, 'grüße\n')).json()).toEqual({ size: 6 });
    expect((await send(0, 'grüße\n密\0')).json()).toEqual({ size: 8 });
    expect((await send(20, 'far')).status).toBe(400);
    expect(await read('?offset=6')).toBe('密\uFFFD');
    await fail(first!.build, null);

    expect(await read()).toBe('grüße\n密\uFFFD');
    expect((await ask('GET', `/+builds/${first!.build}/log?offset=x`)).status).toBe(400);
  });

  test('nothing is given out while the disk is almost full', async () => {
    const full = await testApp({ database, clock, settings: { 'builds.min-free-bytes': 10 ** 15 } });
    const body = {
      name: 'farm',
      session: 's',
      version: '0.1.0',
      protocol: BUILDER_PROTOCOL,
      targets: TARGETS,
    };
    await full.request('POST', '/+builders', { auth: ROOT, json: body });

    const answer = await full.request('POST', '/+builders/farm/lease', {
      auth: ROOT,
      json: { session: 's' },
    });
    await full.close();

    expect(answer.json()).toMatchObject({
      lease: null,
      state: 'active',
      reason: expect.stringContaining('builds.min-free-bytes'),
    });
  });

  test('a paused builder gets nothing, and a drained one is told', async () => {
    await stage(['cp311']);
    const { name, session, lease } = await builder();
    await ask('PATCH', `/+builders/${name}`, { state: 'paused' });
    expect(await lease()).toBeNull();
    await ask('PATCH', `/+builders/${name}`, { state: 'draining' });
    const answer = await ask('POST', `/+builders/${name}/lease`, { session });
    expect(answer.json()).toMatchObject({ lease: null, state: 'draining' });
    await ask('PATCH', `/+builders/${name}`, { state: 'active' });

    expect(await lease()).toMatchObject({ project: 'demo' });
  });

  test('a name is one builder’s while it speaks, and another protocol is refused', async () => {
    const { name } = await builder();
    const body = { name, session: 'another', version: '0.1.0', protocol: BUILDER_PROTOCOL, targets: TARGETS };

    expect((await ask('POST', '/+builders', body)).json()).toMatchObject({ code: 'builds.builder-exists' });
    expect((await ask('POST', '/+builders', { ...body, protocol: 2 })).json()).toMatchObject({
      code: 'builds.builder-too-old',
    });
    clock.advance(121_000);
    expect((await ask('POST', '/+builders', body)).status).toBe(200);
  });

  test('a cancelled build is not begun again by itself', async () => {
    const index = await stage(['cp311']);
    const { lease } = await builder();
    const first = await lease();

    expect((await ask('POST', `/+builds/${first!.build}/cancel`)).status).toBe(200);

    expect((await ask('POST', `/+builds/${first!.build}/heartbeat`)).json()).toEqual({ goesOn: false });
    expect(await derive(index)).toBe(0);
    expect((await ask('POST', `/+builds/${first!.build}/cancel`)).status).toBe(409);
  });

  test('projects are added by request, with everything that is wrong told at once', async () => {
    const index = await app.index();
    await app.fill(index, sdistUpload(), sdistUpload({ version: '2.0' }));
    const add = (requirements: readonly string[], targets: readonly string[]) =>
      ask('POST', '/+builds/projects', { requirements, targets, index: index.full });

    const refused = await add(
      ['demo ~ 3', 'demo', 'Demo', 'a @ https://example.org/a.whl'],
      ['cp313', 'python3'],
    );
    expect(refused.status).toBe(400);
    for (const wrong of ["'demo ~ 3'", 'demo is named twice', "'a @", 'python3'])
      expect(refused.text).toContain(wrong);
    expect((await add(['demo'], [])).status).toBe(400);
    expect((await ask('GET', '/+builds/projects')).json()).toEqual({ projects: [] });

    const added = await add(['demo>=1.5'], ['cp313', 'cp311']);
    expect(added.json()).toEqual({ projects: [{ project: 'demo', isNew: true, builds: 2 }], builds: 2 });
    expect((await ask('GET', '/+builds')).json()).toMatchObject({ waiting: 2 });
    const path = `/+builds/projects/${index.full}/demo`;
    expect((await ask('DELETE', path)).status).toBe(200);
    expect((await ask('DELETE', path)).status).toBe(404);
    expect((await ask('GET', '/+builds')).json()).toMatchObject({ waiting: 0 });
  });
});
