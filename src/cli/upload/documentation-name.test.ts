import { expect, test } from 'vitest';
import { readDocumentationName } from './documentation-name.ts';

test.each([
  ['demo.doc.zip', 'demo', undefined],
  ['demo-docs.zip', 'demo', undefined],
  ['demo-1.0.doc.zip', 'demo', '1.0'],
  ['demo-1.0-docs.zip', 'demo', '1.0'],
  ['my-demo-1.0-1.docs.zip', 'my-demo', '1.0-1'],
  ['my-demo-2.0a1.doc.ZIP', 'my-demo', '2.0a1'],
  ['my-demo.doc.zip', 'my-demo', undefined],
])('%s is documentation of %s %s', (filename, project, version) => {
  expect(readDocumentationName(filename)).toEqual({ project, version });
});

test.each([
  'demo-1.0.zip',
  'demo-docs-1.0.zip',
  'docs.zip',
  '.doc.zip',
  '-1.0.doc.zip',
  'demo-1.0.doc.tar.gz',
])('%s is none', (filename) => {
  expect(readDocumentationName(filename)).toBeUndefined();
});
