import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testApp, type Auth, type TestApp, type TestIndex } from '#test/app.ts';
import { wheelUpload } from '#test/uploads.ts';
import { readCall } from './xml-rpc.ts';

const list = (words: readonly string[]) =>
  `<value><array><data>${words.map((word) => `<value><string>${word}</string></value>`).join('')}</data></array></value>`;
const call = (fields: Readonly<Record<string, readonly string[]>>, operator = 'or', method = 'search') =>
  `<?xml version='1.0'?>
<methodCall><methodName>${method}</methodName><params><param><value><struct>
${Object.entries(fields)
  .map(([name, words]) => `<member><name>${name}</name>${list(words)}</member>`)
  .join('')}
</struct></value></param><param><value><string>${operator}</string></value></param></params></methodCall>`;

describe('a call of XML-RPC', () => {
  test('is read with its lists', () => {
    expect(readCall(Buffer.from(call({ name: ['a', 'b &amp; c'], summary: ['d'] })))).toEqual({
      method: 'search',
      params: [{ name: ['a', 'b & c'], summary: ['d'] }, 'or'],
    });
  });

  test.each([
    ['<!DOCTYPE x [<!ENTITY a "b">]><methodCall><methodName>&a;</methodName></methodCall>', /document type/],
    ['<a>'.repeat(40), /too many elements/],
    ['<a/>'.repeat(3000), /too many elements/],
    ['x'.repeat(70_000), /longer than/],
    ['', /names no method/],
  ])('is refused: %.30s', (text, reason) => {
    expect(() => readCall(Buffer.from(text))).toThrow(reason);
  });
});

describe('pip search', () => {
  let app: TestApp;
  let index: TestIndex;
  beforeAll(async () => {
    app = await testApp({ database: 'sqlite' });
    const user = await app.user();
    const base = await app.index({ user });
    const closed = await app.index({ user, acl_read: ['nobody-else'] });
    index = await app.index({ user, bases: [base.full, closed.full] });
    await app.fill(index, wheelUpload({ name: 'sun', version: '1.2', metadata: { Summary: 'The <star>' } }));
    await app.fill(base, wheelUpload({ name: 'moon', metadata: { Summary: 'Shines by the sun' } }));
    await app.fill(closed, wheelUpload({ name: 'sunny-secret' }));
  });
  afterAll(() => app.close());

  async function search(body: string, auth?: Auth): Promise<string> {
    const headers = { 'content-type': 'text/xml' };
    const response = await app.request('POST', `${index.path}/`, { body, headers, auth });
    expect([response.status, response.headers['content-type']]).toEqual([200, 'text/xml']);
    return response.text;
  }
  const names = (text: string) =>
    [...text.matchAll(/<name>name<\/name><value><string>([^<]*)/g)].map(([, name]) => name);

  test('finds by name or summary what the index shows the sender', async () => {
    const text = await search(call({ name: ['sun'], summary: ['sun'] }));

    expect(names(text)).toEqual(['sun', 'moon']);
    expect(text).toContain(`<string>[${index.full}] The &#60;star&#62;</string>`);
    expect(text).toContain('<name>version</name><value><string>1.2</string></value>');
    const own = await search(call({ name: ['sun'], summary: ['sun'] }), index.user.auth);
    expect(names(own)).toEqual(['sun', 'sunny-secret', 'moon']);
  });

  test('with and both must fit', async () => {
    expect(names(await search(call({ name: ['sun'], summary: ['star'] }, 'and')))).toEqual(['sun']);
    expect(names(await search(call({ name: ['moon'], summary: ['star'] }, 'and')))).toEqual([]);
  });

  test('of what is no search is a fault', async () => {
    expect(await search(call({}, 'or', 'list_packages'))).toContain('<int>-32601</int>');
    expect(await search(call({ name: ['x'] }, 'xor'))).toContain('<int>-32602</int>');
  });
});
