import { inflateRawSync } from 'node:zlib';
import type { Documentation } from '../documentation/store.ts';
import type { DocumentationFile, DocumentationFiles } from './documentation-files.ts';

/** A whole file of documentation, which must be small enough to be held. */
export async function readDocumentationFile(
  files: DocumentationFiles,
  zip: Pick<Documentation, 'sha256' | 'size'>,
  file: DocumentationFile,
): Promise<Buffer> {
  const bytes = Buffer.concat(await Array.fromAsync(files.read(zip, file)));
  if (file.method === 'stored') return bytes;
  return inflateRawSync(bytes, { maxOutputLength: Math.max(1, file.bytes) });
}
