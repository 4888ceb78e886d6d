import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { LineFeedForm } from './line-feed-form.ts';

const BOUNDARY = '--------------GHSKFJDLGDS7543FJKLFHRE75642756743254';

async function sent(form: Buffer, chunkLength = form.length): Promise<Buffer> {
  const chunks = [];
  for (let at = 0; at < form.length; at += chunkLength) chunks.push(form.subarray(at, at + chunkLength));
  return await buffer(Readable.from(chunks).pipe(new LineFeedForm(BOUNDARY)));
}

/** As `post_to_server` of distutils and `_build_multipart` of setuptools put it together. */
function lineFeedForm(parts: readonly (readonly [head: string, content: Buffer])[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap(([head, content]) => [
      Buffer.from(`\n--${BOUNDARY}\nContent-Disposition: form-data; ${head}\n\n`),
      content,
    ]),
    Buffer.from(`\n--${BOUNDARY}--\n`),
  ]);
}

/** The same form as RFC 2046 has it. */
function standardForm(parts: readonly (readonly [head: string, content: Buffer])[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap(([head, content], position) => [
      Buffer.from(
        `${position === 0 ? '' : '\r\n'}--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`,
      ),
      content,
    ]),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const parts = [
  ['name=":action"', Buffer.from('doc_upload')],
  ['name="empty"', Buffer.alloc(0)],
  ['name="description"', Buffer.from('One\nTwo\r\nThree\r')],
  ['name="almost"', Buffer.from(`a\n--${BOUNDARY}x\n--${BOUNDARY.slice(1)}\n\n\r\n`)],
  ['name="content"; filename="a.zip"', Buffer.concat([everyByte, everyByte.toReversed(), everyByte])],
] as const;

test.each([1, 2, 3, 7, 64, 1000, 100_000])(
  'a form with bare line feeds gets CRLF, and its contents stay, in packets of %i bytes',
  async (chunkLength) => {
    expect((await sent(lineFeedForm(parts), chunkLength)).equals(standardForm(parts))).toBe(true);
  },
);

test.each([1, 10, 100_000])(
  'a standard form passes unchanged, in packets of %i bytes',
  async (chunkLength) => {
    const form = standardForm(parts);

    expect((await sent(form, chunkLength)).equals(form)).toBe(true);
  },
);

test.each([
  ['nothing', ''],
  ['no form', 'hello'],
  ['a long text without a delimiter', 'x'.repeat(5000)],
  ['a delimiter that begins no line', `x--${BOUNDARY}\nname\n\n`],
  ['a delimiter that ends the body', `\n--${BOUNDARY}`],
])('%s passes unchanged', async (_what, text) => {
  for (const chunkLength of [1, 5000]) {
    expect((await sent(Buffer.from(text), chunkLength)).toString()).toBe(text);
  }
});

test.each([
  ['within a head', `\n--${BOUNDARY}\nContent-Disp`],
  ['within a content', `\n--${BOUNDARY}\nA: b\n\ncontent`],
  ['within a delimiter', `\n--${BOUNDARY}\nA: b\n\ncontent\n--${BOUNDARY}`],
])('a form that ends %s has no end afterwards either', async (_where, text) => {
  expect((await sent(Buffer.from(text))).includes(`--${BOUNDARY}--`)).toBe(false);
});

test('what follows the end is left out', async () => {
  const form = Buffer.concat([lineFeedForm(parts), lineFeedForm(parts)]);

  expect((await sent(form, 100)).equals(standardForm(parts))).toBe(true);
});

test('a line without an end is passed on and not kept', async () => {
  const line = 'x'.repeat(100_000);

  const passed = await sent(Buffer.from(`--${BOUNDARY}\n${line}\n\nvalue\n--${BOUNDARY}--\n`), 1000);

  expect(passed.toString()).toBe(`--${BOUNDARY}\r\n${line}\r\n\r\nvalue\r\n--${BOUNDARY}--\r\n`);
});
