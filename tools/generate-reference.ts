// Writes docs/reference from the code: `npm run docs`. test/docs.test.ts fails while a page differs.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parts } from '../src/parts.ts';
import { renderReference } from './reference/pages.ts';

const root = join(import.meta.dirname, '..');

for (const [path, text] of await renderReference(parts)) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}
