import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { blake2b } from 'hash-wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, testApp, type TestApp, type TestIndex } from '#test/app.ts';
import { metadataText, sdist, wheel, wheelFilename } from '#test/archives.ts';
import { databases } from '#test/databases.ts';
import { multipart } from '#test/multipart.ts';
import { sdistUpload, uploadForm, wheelUpload, type Upload } from '#test/uploads.ts';

const WHEEL = 'demo-1.0-py3-none-any.whl';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

describe.each(databases)('uploads on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp({ database });
  });
  afterAll(async () => await app.close());

  async function verdata(index: TestIndex, version = '1.0') {
    const response = await app.get(`${index.path}/demo/${version}`, { accept: 'application/json' });
    return response.json().result;
  }

  test('a form of distutils, whose lines end in a bare LF, registers a release and keeps its bytes', async () => {
    const index = await app.index();
    const boundary = '--------------GHSKFJDLGDS7543FJKLFHRE75642756743254';
    const description = 'First\nsecond \u{fc}\r\nthird\n\n';
    const form = (fields: Record<string, string>) =>
      `${Object.entries(fields)
        .map(([name, value]) => `\n--${boundary}\nContent-Disposition: form-data; name="${name}"\n\n${value}`)
        .join('')}\n--${boundary}--\n`;
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}; charset=utf-8` };
    const send = async (fields: Record<string, string>) =>
      await app.request('POST', `${index.path}/`, { body: form(fields), headers, auth: index.user.auth });
    const release = { metadata_version: '1.0', name: 'demo', version: '1.0', description };

    const registered = await send({ ':action': 'submit', protocol_version: '1', ...release });

    expect([registered.status, registered.text]).toEqual([200, '']);
    expect((await verdata(index)).description).toBe(description);
    const documentation = await send({ ':action': 'doc_upload', name: 'demo', content: 'PK' });
    expect([documentation.status, documentation.text]).toEqual([
      400,
      expect.stringContaining('content file field not found'),
    ]);
    await app.events();
  });

  test('a call of XML-RPC of another method than search gets a fault', async () => {
    const index = await app.index();
    const call =
      "<?xml version='1.0'?><methodCall><methodName>list_packages</methodName><params/></methodCall>";

    const response = await app.request('POST', `${index.path}/`, {
      body: call,
      headers: { 'content-type': 'text/xml' },
    });

    expect([response.status, response.headers['content-type']]).toEqual([
      200,
      expect.stringMatching(/^text\/xml/),
    ]);
    expect(response.text).toMatch(/<fault>[^]*<int>-32601<\/int>[^]*the method search only/);
  });

  test('the fields of a form count among the bodies that are held in memory', async () => {
    const held = 'wheelhouse_http_buffered_bytes';
    const small = await testApp({ database, settings: { 'http.max-buffered-bytes': 100_000 } });
    try {
      const index = await small.index();
      const large = await small.upload(
        index,
        wheelUpload({ files: { 'demo/data.bin': randomBytes(500_000) } }),
      );
      expect([large.status, large.text]).toEqual([200, '']);

      const refused = await small.request('POST', `${index.path}/`, {
        form: multipart({
          ':action': 'submit',
          name: 'demo',
          version: '1',
          description: 'x'.repeat(110_000),
        }),
        auth: index.user.auth,
      });

      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
      expect(refused.text).toContain('http.max-buffered-bytes');
      await expect.poll(async () => (await small.get('/+metrics')).text).toContain(`${held} 0`);
    } finally {
      await small.close();
    }
  });

  test('an uploaded wheel is listed, described and downloadable at once', async () => {
    const index = await app.index();
    const upload = wheelUpload({ metadata: { 'Requires-Python': '>=3.9', Summary: 'A demo' } });

    const response = await app.upload(index, upload);

    expect([response.status, response.text]).toEqual([200, '']);
    expect(response.headers['content-type']).toBe('text/plain');
    expect(await app.eventsWithData()).toMatchObject([
      {
        type: 'packages.project-created',
        actor: index.user.name,
        data: { index: index.full, project: 'demo' },
      },
      {
        type: 'packages.file-uploaded',
        actor: index.user.name,
        data: {
          index: index.full,
          project: 'demo',
          version: '1.0',
          filename: WHEEL,
          sha256: sha256(upload.content),
          replaced: false,
        },
      },
    ]);
    expect((await app.page(index)).files).toMatchObject([
      { filename: WHEEL, size: upload.content.length, 'requires-python': '>=3.9' },
    ]);
    expect((await app.get(await app.filePath(index, WHEEL))).bytes.equals(upload.content)).toBe(true);
    expect((await app.get(index.path)).json().result.projects).toEqual(['demo']);
  });

  test('the answer tells the serial of the upload', async () => {
    const index = await app.index();

    const response = await app.upload(index, wheelUpload());

    expect(Number(response.headers['x-devpi-serial'])).toBe(await app.storedSerial());
    await app.events();
  });

  test('version data has every key, all hashes and a log', async () => {
    const index = await app.index();
    const upload = wheelUpload({
      metadata: {
        Summary: 'S',
        Classifier: ['A', 'B'],
        'Requires-Dist': ['x', 'y; extra == "z"'],
        'Provides-Extra': 'z',
        Keywords: 'k,l',
      },
      description: 'Text\n',
    });
    await app.fill(index, upload);

    const data = await verdata(index);

    expect(data).toMatchObject({
      name: 'demo',
      version: '1.0',
      metadata_version: '2.1',
      summary: 'S',
      classifiers: ['A', 'B'],
      requires_dist: ['x', 'y; extra == "z"'],
      provides_extras: ['z'],
      keywords: 'k,l',
      author: '',
      platform: [],
      license_expression: '',
    });
    expect(data['+links']).toEqual([
      {
        rel: 'releasefile',
        href: `${app.url}${await app.filePath(index, WHEEL)}`,
        hash_spec: `sha256=${sha256(upload.content)}`,
        hashes: {
          sha256: sha256(upload.content),
          md5: md5(upload.content),
        },
        log: [{ what: 'upload', who: index.user.name, when: expect.any(Array), dst: index.full }],
      },
    ]);
    expect(data['+links'][0].log[0].when).toHaveLength(6);
  });

  test('the archive counts where the form says otherwise', async () => {
    const index = await app.index();
    const upload = wheelUpload({ metadata: { Summary: 'true', 'Requires-Python': '>=3' } });

    await app.fill(index, { ...upload, fields: { summary: 'false', requires_python: '<2', license: 'X' } });

    expect(await verdata(index)).toMatchObject({ summary: 'true', requires_python: '>=3', license: '' });
  });

  test.each(['', '/'])('the address of the index may end in "%s"', async (slash) => {
    const index = await app.index();

    const response = await app.request('POST', `${index.path}${slash}`, {
      form: uploadForm(sdistUpload()),
      auth: index.user.auth,
    });

    expect(response.status).toBe(200);
    expect(await app.events()).toEqual(['packages.project-created', 'packages.file-uploaded']);
  });

  test.each([
    ['a display name', 'My.Demo_Pkg', 'my_demo_pkg-1.0-py3-none-any.whl', 'my-demo-pkg'],
    ['a name with hyphens', 'my-demo', 'my_demo-1.0-py3-none-any.whl', 'my-demo'],
  ])('%s is normalized for look-ups and kept for showing', async (_what, name, filename, project) => {
    const index = await app.index();

    await app.fill(index, { ...wheelUpload({ name }), filename });

    expect((await app.page(index, project)).name).toBe(project);
    const shown = (await app.get(`${index.path}/${project}/1.0`, { accept: 'application/json' })).json();
    expect(shown.result.name).toBe(name);
  });

  test('the first spelling of a project name stays', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload({ name: 'DeMo' }), wheelUpload({ name: 'demo', version: '2.0' }));

    const { result } = (await app.get(`${index.path}/demo`, { accept: 'application/json' })).json();

    expect([result['1.0'].name, result['2.0'].name]).toEqual(['DeMo', 'DeMo']);
  });

  test('local versions and epochs survive in every form of the address', async () => {
    const index = await app.index();
    await app.fill(index, wheelUpload({ version: '1!2.0+cu130' }));
    const [filename] = await app.filenames(index);
    const path = await app.filePath(index, String(filename));

    expect(filename).toBe('demo-1!2.0+cu130-py3-none-any.whl');
    for (const variant of [path, path.replace('%2B', '+').replace('%2b', '+'), path.replace(/\+/g, '%2B')]) {
      expect((await app.get(variant)).status, variant).toBe(200);
      expect((await app.get(`${variant}.metadata`)).status, variant).toBe(200);
    }
    expect((await app.get(`${index.path}/demo/1!2.0+cu130`, { accept: 'application/json' })).status).toBe(
      200,
    );
    expect((await app.get(`${index.path}/demo/1%212.0%2Bcu130`)).status).toBe(200);
  });

  test('the metadata of a wheel is served byte for byte', async () => {
    const index = await app.index();
    const options = { metadata: { Summary: 'Grüße' }, description: 'odd \r\n line ends\n' };
    await app.fill(index, wheelUpload(options), sdistUpload(options));
    const page = await app.page(index);

    const sidecar = await app.get(`${await app.filePath(index, WHEEL)}.metadata`);

    expect(sidecar.text).toBe(metadataText(options));
    const hash = { sha256: sha256(sidecar.bytes) };
    expect(page.files).toMatchObject([
      { filename: WHEEL, 'core-metadata': hash },
      { filename: 'demo-1.0.tar.gz', 'core-metadata': false },
    ]);
    expect((await app.get(`${await app.filePath(index, 'demo-1.0.tar.gz')}.metadata`)).status).toBe(404);
  });

  describe('onto an existing file', () => {
    const other = (upload: Upload): Upload => ({
      ...upload,
      content: wheel({ description: 'other bytes', metadata: { Summary: 'other' } }),
    });

    test('with the same bytes answer 200 with a reason and change nothing', async () => {
      const index = await app.index({ volatile: false });
      await app.fill(index, wheelUpload());
      const before = await app.contents();

      const response = await app.upload(index, { ...wheelUpload(), fields: { summary: 'new' } });

      expect([response.status, response.reason]).toEqual([
        200,
        'Upload of identical file to non volatile index.',
      ]);
      expect(await app.contents()).toEqual(before);
      expect(await app.events()).toEqual([]);
    });

    test('with other bytes answer 409 and leave everything as it was', async () => {
      const index = await app.index({ volatile: false });
      await app.fill(index, wheelUpload({ metadata: { Summary: 'first' } }));
      const before = await app.contents();

      const response = await app.upload(index, other(wheelUpload()));

      expect([response.status, response.reason]).toEqual([
        409,
        `${WHEEL} already exists in non-volatile index`,
      ]);
      expect(response.text).toContain('already exists');
      expect(await app.contents()).toEqual(before);
      expect(await verdata(index)).toMatchObject({ summary: 'first' });
      expect(await app.events()).toEqual([]);
    });

    test('replace it on a volatile index, and the log counts', async () => {
      const index = await app.index();
      await app.fill(index, wheelUpload());
      const old = await app.filePath(index, WHEEL);

      const response = await app.upload(index, other(wheelUpload()));

      expect(response.status).toBe(200);
      expect(await app.eventsWithData()).toMatchObject([
        { type: 'packages.file-uploaded', data: { replaced: true } },
      ]);
      const data = await verdata(index);
      expect(data).toMatchObject({ summary: 'other' });
      expect(data['+links']).toHaveLength(1);
      expect(data['+links'][0].log.map((item: object) => ({ ...item, when: 0 }))).toEqual([
        { what: 'overwrite', who: null, when: 0, count: 1 },
        { what: 'upload', who: index.user.name, when: 0, dst: index.full },
      ]);
      expect((await app.get(old)).status).toBe(410);
      expect((await app.get(await app.filePath(index, WHEEL))).status).toBe(200);

      await app.fill(index, wheelUpload());
      expect((await verdata(index))['+links'][0].log[0]).toMatchObject({ what: 'overwrite', count: 2 });
      expect((await app.get(old)).status).toBe(200);
    });

    test('are remembered as a yank only until they replace the file', async () => {
      const index = await app.index();
      await app.fill(index, wheelUpload());
      await app.request('PUT', `${index.path}/demo/1.0/+yank`, { auth: index.user.auth });

      await app.fill(index, other(wheelUpload()));

      expect((await app.page(index)).files[0].yanked).toBe(false);
    });

    test('of another index are independent of it', async () => {
      const [one, two] = [await app.index({ volatile: false }), await app.index({ volatile: false })];
      await app.fill(one, wheelUpload());

      expect((await app.upload(two, other(wheelUpload()))).status).toBe(200);
      await app.events();
    });
  });

  test('two uploads of different bytes under one name at the same time: one wins, one gets 409', async () => {
    const index = await app.index({ volatile: false });
    const contents = Array.from({ length: 6 }, (_, number) => wheel({ description: `variant ${number}` }));

    const answers = await Promise.all(
      contents.map((content) => app.upload(index, { ...wheelUpload(), content })),
    );

    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 409, 409, 409, 409, 409]);
    expect(await app.events()).toEqual(['packages.project-created', 'packages.file-uploaded']);
    const winner = answers.findIndex(({ status }) => status === 200);
    const served = await app.get(await app.filePath(index, WHEEL));
    expect(served.bytes.equals(contents[winner] as Buffer)).toBe(true);
  });

  test('many files of one project uploaded at once all arrive', async () => {
    const index = await app.index();
    const versions = Array.from({ length: 20 }, (_, number) => `1.${number}`);

    const answers = await Promise.all(versions.map((version) => app.upload(index, wheelUpload({ version }))));

    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect((await app.page(index)).versions).toEqual(versions);
    expect((await app.events()).filter((type) => type === 'packages.project-created')).toHaveLength(1);
  });

  describe('are checked', () => {
    const refused = async (
      upload: Upload | ReturnType<typeof multipart>,
      options: { status?: number } = {},
    ) => {
      const index = await app.index();
      const before = await app.contents();
      const form = 'contentType' in upload ? upload : uploadForm(upload);

      const response = await app.request('POST', `${index.path}/`, { form, auth: index.user.auth });

      expect(response.status, response.text).toBe(options.status ?? 400);
      expect(await app.contents()).toEqual(before);
      expect(await app.events()).toEqual([]);
      expect(response.text).toContain(`${response.status} ${response.reason.replace(/\.{3}$/, '')}`);
      return response.reason;
    };

    test.each([
      ['no :action', { ':action': undefined }, ':action field not found'],
      ['another :action', { ':action': 'remove_pkg' }, "action 'remove_pkg' not supported"],
      ['no name', { name: undefined }, 'name field not found'],
      ['an empty name', { name: '' }, 'name field not found'],
      ['an impossible name', { name: '-demo-' }, "'-demo-' is not a valid project name"],
      ['a name with a path', { name: '../demo' }, "'../demo' is not a valid project name"],
      ['a name that is not ASCII', { name: 'démo' }, "'démo' is not a valid project name"],
      ['no version', { version: undefined }, 'invalid metadata: Missing required field "version"'],
      ['an empty version', { version: '' }, 'invalid metadata: Missing required field "version"'],
      ['an impossible version', { version: '1/0' }, "invalid metadata: '1/0' is not a valid version"],
      ['another version', { version: '2.0' }, `filename '${WHEEL}' does not contain version '2.0'`],
      ['another name', { name: 'other' }, `filename '${WHEEL}' does not match project name 'other'`],
    ])('for %s', async (_what, fields, message) => {
      expect(await refused({ ...wheelUpload(), fields })).toBe(message);
    });

    test.each([
      ['demo-1.0.txt', "'demo-1.0.txt' is not a valid archive name"],
      ['demo-1.0', "'demo-1.0' is not a valid archive name"],
      ['../demo-1.0.tar.gz', "'../demo-1.0.tar.gz' is not a valid archive name"],
      ['.demo-1.0.tar.gz', "'.demo-1.0.tar.gz' is not a valid archive name"],
      ['demo-1.0-py3.whl', "'demo-1.0-py3.whl' is not a valid archive name"],
      ['demo 1.0.tar.gz', "'demo 1.0.tar.gz' is not a valid archive name"],
      ['other-1.0.tar.gz', "filename 'other-1.0.tar.gz' does not match project name 'demo'"],
      ['demo-2.0.tar.gz', "filename 'demo-2.0.tar.gz' does not contain version '1.0'"],
    ])('for the file name %s', async (filename, message) => {
      expect(await refused({ ...sdistUpload(), filename })).toBe(message);
    });

    test('for the file', async () => {
      const fields = { ':action': 'file_upload', name: 'demo', version: '1.0' };

      expect(await refused(multipart(fields))).toBe('content file field not found');
      expect(await refused(multipart({ ...fields, content: 'text' }))).toBe('content file field not found');
      const file = { name: 'content', filename: WHEEL, value: wheel() };
      expect(await refused(multipart(fields, [file, file]))).toBe('the form has more than one content file');
    });

    test.each(['md5_digest', 'sha256_digest', 'blake2_256_digest'])('for %s', async (field) => {
      const wrong = 'a'.repeat(64);

      const message = await refused({ ...wheelUpload(), fields: { [field]: wrong } });

      expect(message).toContain(`${field} of '${WHEEL}' does not match: the form says ${wrong}`);
    });

    test('for bytes that are no archive', async () => {
      expect(await refused({ ...wheelUpload(), content: Buffer.from('hello') })).toBe(
        `invalid archive '${WHEEL}': the content is not that of a .whl file`,
      );
      expect(await refused({ ...wheelUpload(), content: Buffer.alloc(0) })).toMatch(/^invalid archive/);
      expect(await refused({ ...wheelUpload(), content: wheel().subarray(0, 200) })).toMatch(
        /^invalid archive/,
      );
      expect(await refused({ ...sdistUpload(), content: sdist().subarray(0, 60) })).toMatch(
        /^invalid archive/,
      );
    });

    test('for an archive of another project or version', async () => {
      const other = { ...wheelUpload(), content: wheel({ name: 'other' }) };
      expect(await refused(other)).toMatch(/^invalid archive/);
      const newer = { ...wheelUpload(), content: wheel({ version: '2.0' }) };
      expect(await refused(newer)).toMatch(/^invalid archive/);
    });
  });

  test('a digest of a million characters is refused as quickly as any other', async () => {
    const index = await app.index();
    const fields = { sha256_digest: `${'='.repeat(1_000_000)}x` };

    const response = await app.upload(index, { ...wheelUpload(), fields });

    expect(response.status).toBe(400);
  });

  test('right digests are accepted in hex of any case and in base64', async () => {
    const { content } = wheelUpload();
    const index = await app.index();
    const base64 = Buffer.from(md5(content), 'hex').toString('base64url');

    await app.fill(
      index,
      { ...wheelUpload(), fields: { sha256_digest: sha256(content).toUpperCase(), md5_digest: base64 } },
      { ...wheelUpload(), fields: { blake2_256_digest: await blake2b(content, 256), md5_digest: '' } },
    );
  });

  test('the long blake2 of distutils is not taken for the short one', async () => {
    const { content } = wheelUpload();
    const fields = { sha256_digest: sha256(content), blake2_256_digest: await blake2b(content, 512) };
    const index = await app.index();

    await app.fill(index, { ...wheelUpload(), fields });
  });

  test('fields that clients add do no harm', async () => {
    const index = await app.index();
    const fields = {
      filetype: 'bdist_wheel',
      pyversion: 'py3',
      metadata_version: '2.4',
      comment: '',
      attestations: '[]',
      gpg_signature: 'x',
      classifiers: ['a', 'b'],
      unheard_of: 'y',
    };

    expect((await app.upload(index, { ...wheelUpload(), fields })).status).toBe(200);
    await app.events();
  });

  test('a mirror takes no uploads, whoever asks', async () => {
    for (const auth of [undefined, ROOT]) {
      const response = await app.request('POST', '/root/pypi/', { form: uploadForm(wheelUpload()), auth });
      expect([response.status, response.reason]).toEqual([404, 'cannot submit to mirror index']);
    }
    expect(await app.events()).toEqual([]);
  });

  test('who is not logged in gets a challenge, who may not upload is told so', async () => {
    const index = await app.index();
    const stranger = await app.user();
    const form = uploadForm(wheelUpload());
    const before = await app.contents();
    const post = (auth?: readonly [string, string]) =>
      app.request('POST', `${index.path}/`, { form, auth, headers: { accept: '*/*' } });

    for (const response of [await post(), await post([index.user.name, 'wrong'])]) {
      expect(response).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Basic realm="pypi"' },
      });
      expect(response.headers).not.toHaveProperty('location');
    }
    for (const auth of [stranger.auth, ROOT]) {
      const response = await post(auth);
      expect([response.status, response.reason]).toEqual([403, 'no permission to submit']);
    }
    expect(await app.contents()).toEqual(before);
  });

  test('anybody may upload where the index says :ANONYMOUS:', async () => {
    const index = await app.index({ acl_upload: ':ANONYMOUS:' });

    const response = await app.upload(index, wheelUpload(), { auth: undefined });
    const anonymous = await app.request('POST', index.path, { form: uploadForm(sdistUpload()) });

    expect([response.status, anonymous.status]).toEqual([200, 200]);
    expect((await app.eventsWithData()).at(-1)).toMatchObject({ actor: null });
  });

  describe('of metadata only', () => {
    const submit = (index: TestIndex, fields: Record<string, string | string[]>) =>
      app.request('POST', `${index.path}/`, {
        form: multipart({ ':action': 'submit', name: 'demo', version: '1.0', ...fields }),
        auth: index.user.auth,
      });

    test('register a release with every key', async () => {
      const index = await app.index();

      const response = await submit(index, { summary: 'S', platforms: ['a', 'UNKNOWN'], author: 'UNKNOWN' });

      expect(response.status, response.text).toBe(200);
      expect(await app.events()).toEqual(['packages.project-created', 'packages.release-registered']);
      expect(await verdata(index)).toMatchObject({
        summary: 'S',
        platform: ['a'],
        author: '',
        '+links': [],
      });
      expect((await app.page(index)).files).toEqual([]);
    });

    test('leave the files of the release alone', async () => {
      const index = await app.index();
      await app.fill(index, wheelUpload());

      await submit(index, { summary: 'again' });

      expect(await app.events()).toEqual(['packages.release-registered']);
      const data = await verdata(index);
      expect(data.summary).toBe('again');
      expect(data['+links']).toHaveLength(1);
    });

    test('are refused without a version', async () => {
      const index = await app.index();

      const response = await submit(index, { version: '' });

      expect([response.status, await app.events()]).toEqual([400, []]);
    });
  });

  test('nothing is left of any upload but the stored files', async () => {
    expect(await readdir(join(app.serverdir, 'files', 'incoming'))).toEqual([]);
    expect(wheelFilename()).toBe(WHEEL);
  });
});

test('a file over the limit answers 413 and leaves nothing', async () => {
  const app = await testApp({ database: 'sqlite', settings: { 'packages.max-upload-bytes': 500 } });
  const index = await app.index();
  const before = await app.contents();

  const response = await app.upload(index, wheelUpload());

  expect([response.status, response.reason]).toEqual([413, 'the file is larger than 500 bytes']);
  expect(await app.contents()).toEqual(before);
  await app.close();
});

test('a server that only warns takes an archive that it cannot read', async () => {
  const app = await testApp({ database: 'sqlite', settings: { 'packages.archive-check': 'warn' } });
  const index = await app.index();

  const response = await app.upload(index, {
    ...wheelUpload(),
    content: Buffer.from('no archive'),
    fields: { summary: 'from the form' },
  });

  expect(response.status).toBe(200);
  const data = (await app.get(`${index.path}/demo/1.0`)).json().result;
  expect(data.summary).toBe('from the form');
  await app.close();
});
