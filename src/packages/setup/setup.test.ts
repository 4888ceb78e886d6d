import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setupKey } from '#accounts';
import { testApp, type TestApp } from '#test/app.ts';
import { databases } from '#test/databases.ts';
import { uploadForm, wheelUpload } from '#test/uploads.ts';
import { Visitor } from '#test/visitor.ts';
import { isLocal } from './is-local.ts';

const ROOT = { step: 'password', password: 'root secret', again: 'root secret' };
const ALICE = { step: 'user', user: 'alice', password: 'alice secret', again: 'alice secret' };
const DEV = { step: 'index', name: 'dev', base: 'root/pypi', readers: 'anyone' };

describe.each(databases)('the first visit on %s', (database) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await testApp({ database });
  });
  afterEach(async () => await app.close());

  test('sets a password, makes a user and an index, and says how to use it, in three steps', async () => {
    const visitor = new Visitor(app);
    const first = await visitor.get('/+setup');
    expect([first.status, first.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(first.text).not.toContain('name="key"');
    expect(first.text).toContain('href="/root/pypi"');
    expect((await visitor.get('/')).headers['location']).toBe('/+setup');
    expect((await app.get('/')).json().type).toBe('list:userconfig');

    const secured = await visitor.post('/+setup', ROOT);
    expect([secured.status, secured.headers['location']]).toEqual([303, '/+setup']);
    const login = await app.request('POST', '/+login', { json: { user: 'root', password: 'root secret' } });
    expect(login.status).toBe(200);
    expect((await visitor.get('/+setup')).text).toContain('name="user"');
    expect((await new Visitor(app).get('/')).status).toBe(200);

    await visitor.post('/+setup', ALICE);
    const third = await visitor.get('/+setup');
    expect(third.text).toContain('/alice/NAME');

    await visitor.post('/+setup', DEV);
    const last = await visitor.get('/+setup');
    expect(last.text).toContain('/alice/dev/+simple/');
    expect(last.text).toContain('twine upload');
    expect(await app.events()).toEqual([
      'accounts.user-modified',
      'accounts.user-created',
      'accounts.session-ended',
      'packages.index-created',
    ]);
    const { result } = (await app.get('/alice/dev')).json();
    expect(result).toMatchObject({ type: 'stage', bases: ['root/pypi'], acl_upload: ['alice'] });
    expect((await app.get('/+api', { cookie: visitor.cookie })).json().result.authstatus).toEqual([
      'ok',
      'alice',
      [],
    ]);
  });

  test('is over when something was uploaded, and for strangers when root has a password', async () => {
    const visitor = new Visitor(app);
    for (const fields of [ROOT, ALICE, DEV]) await visitor.post('/+setup', fields);
    expect((await new Visitor(app).get('/+setup')).status).toBe(404);
    expect((await new Visitor(app).post('/+setup', ROOT)).status).toBe(404);
    expect((await visitor.get('/+setup')).status).toBe(200);

    const sent = await app.request('POST', '/alice/dev/', {
      form: uploadForm(wheelUpload()),
      auth: ['alice', 'alice secret'],
    });
    expect(sent.status).toBe(200);

    expect((await visitor.get('/+setup')).status).toBe(404);
  });

  test('can leave out the user, and go on after a break', async () => {
    await new Visitor(app).post('/+setup', ROOT);
    const visitor = await new Visitor(app).logIn(['root', 'root secret']);
    expect((await visitor.get('/+setup')).text).toContain('Skip, I use root');
    expect((await visitor.get('/+setup?skip')).text).toContain('/root/NAME');

    await visitor.post('/+setup', { step: 'index', name: 'ours', readers: 'me' });

    expect((await visitor.get('/+setup')).text).toContain('/root/ours');
    const { result } = (await app.request('GET', '/root/ours', { auth: ['root', 'root secret'] })).json();
    expect(result).toMatchObject({ bases: [], acl_read: ['root'] });
  });

  test('says at each step what is wrong, and changes nothing', async () => {
    const visitor = new Visitor(app);
    const steps: [Record<string, string>, string][] = [
      [{ ...ROOT, password: 'short', again: 'short' }, '5 characters; at least 8'],
      [{ ...ROOT, again: 'root secrets' }, 'not the same as above'],
      [ROOT, ''],
      [{ ...ALICE, user: 'root' }, 'There is a user of this name'],
      [{ ...ALICE, user: '' }, 'A name is needed.'],
      [{ ...ALICE, again: '' }, 'not the same as above'],
      [ALICE, ''],
      [{ ...DEV, name: 'a b' }, 'contains characters'],
      [{ ...DEV, name: '' }, 'field-name-error'],
      [DEV, ''],
    ];
    for (const [fields, message] of steps) {
      const before = await app.contents();
      const response = await visitor.post('/+setup', fields);
      expect([response.status, response.text.includes(message)], message).toEqual([
        message === '' ? 303 : 422,
        true,
      ]);
      if (message !== '') {
        expect((await app.contents()).serial).toBe(before.serial);
        expect(response.text).not.toContain('secret"');
      }
    }
  });

  test('takes a step only when it is its turn', async () => {
    const visitor = new Visitor(app);
    for (const fields of [ALICE, DEV, { step: 'use' }, { step: 'constructor' }, {}]) {
      expect((await visitor.post('/+setup', fields as Record<string, string>)).headers['location']).toBe(
        '/+setup',
      );
    }
    await visitor.post('/+setup', ROOT);
    expect((await visitor.post('/+setup', ROOT)).headers['location']).toBe('/+setup');
    expect(await app.events()).toEqual(['accounts.user-modified']);
  });

  test('asks for the key that serve prints, unless who comes sits at this machine', async () => {
    const key = setupKey(app.context.secret);
    expect(key).toMatch(/^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/);
    const remote = new Visitor(app, { host: 'pi.lan:3141' });
    expect((await remote.get('/+setup')).text).toContain('name="key"');
    const origin = { origin: 'http://pi.lan:3141' };
    for (const given of ['', key.slice(1), 'aaaa-aaaa-aaaa', `${key}a`]) {
      const refused = await remote.post('/+setup', { ...ROOT, key: given }, origin);
      expect([refused.status, refused.text.includes('This is not the key')]).toEqual([422, true]);
    }
    expect(await app.events()).toEqual([]);

    const taken = await remote.post(
      '/+setup',
      { ...ROOT, key: ` ${key.toUpperCase().replaceAll('-', ' ')}` },
      origin,
    );
    expect(taken.status).toBe(303);
    expect((await remote.get('/+setup')).text).toContain('name="user"');
  });

  test('of two who come at once one sets the password', async () => {
    const [one, two] = [new Visitor(app), new Visitor(app)];
    const other = { ...ROOT, password: 'other secret', again: 'other secret' };

    const statuses = (await Promise.all([one.post('/+setup', ROOT), two.post('/+setup', other)])).map(
      ({ status }) => status,
    );

    expect(statuses.filter((status) => status === 303)).toHaveLength(1);
    expect(await app.events()).toEqual(['accounts.user-modified']);
  });
});

test.each([
  ['127.0.0.1', { host: 'localhost:3141' }, true],
  ['::1', { host: '[::1]:3141' }, true],
  ['::ffff:127.0.0.1', { host: '127.0.0.1' }, true],
  ['127.0.0.1', { host: 'evil.example' }, false],
  ['127.0.0.1', { host: 'localhost.evil.example' }, false],
  ['127.0.0.1', {}, false],
  ['192.0.2.1', { host: 'localhost:3141' }, false],
  [undefined, { host: 'localhost:3141' }, false],
  ['127.0.0.1', { host: 'localhost', 'x-forwarded-for': '192.0.2.1' }, false],
  ['127.0.0.1', { host: 'localhost', 'x-real-ip': '192.0.2.1' }, false],
  ['127.0.0.1', { host: 'localhost', forwarded: 'for=192.0.2.1' }, false],
  ['127.0.0.1', { host: 'localhost', via: '1.1 proxy' }, false],
  ['127.0.0.1', { host: 'localhost', 'x-outside-url': 'http://localhost' }, false],
])('from %s with %j is at this machine: %s', (remoteAddress, headers, expected) => {
  const outsideUrl = 'http://localhost:3141';
  expect(isLocal({ remoteAddress, headers, outsideUrl, httpVersion: '1.1' })).toBe(expected);
  expect(isLocal({ remoteAddress, headers, outsideUrl: 'https://pi.lan', httpVersion: '1.1' })).toBe(false);
  expect(isLocal({ remoteAddress, headers, outsideUrl, httpVersion: '1.0' })).toBe(false);
});
