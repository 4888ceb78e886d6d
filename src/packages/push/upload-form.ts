import { randomUUID } from 'node:crypto';
import type { Files } from '#kernel/files/files.ts';
import { openWhole } from '#kernel/files/open-whole.ts';
import { parseFilename } from '#python/names/filename.ts';
import type { Metadata } from '../projects/metadata.ts';
import type { PushedFile } from './pushed-release.ts';

/** A multipart form whose file is read from the store while it is sent. */
export interface OutgoingForm {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: () => AsyncIterable<Uint8Array>;
}

export type Fields = readonly (readonly [name: string, value: string])[];

interface OutgoingFile {
  readonly filename: string;
  readonly sha256: string;
  readonly size: number;
}

const CHUNK = 64 * 1024;

/** What other programs read of the metadata under another name than we keep it. */
const FORM_NAMES: Readonly<Record<string, string>> = { provides_extras: 'provides_extra' };

/** The fields of PyPI's upload form that say what a release is (reference devpi.md 1.7). */
export function metadataFields(action: string, metadata: Metadata): Fields {
  const given = Object.entries({ ...metadata, metadata_version: metadata['metadata_version'] || '2.1' });
  return [
    [':action', action],
    ['protocol_version', '1'],
    ...given.flatMap(([key, value]) =>
      [value]
        .flat()
        .filter((text) => text !== '')
        .map((text) => [FORM_NAMES[key] ?? key, text] as const),
    ),
  ];
}

/** What the form says of one file, so that the other server can check what it received. */
export function fileFields({ filename, sha256, md5, blake2b256 }: PushedFile, project: string): Fields {
  const parsed = parseFilename(filename, project);
  const python = parsed?.kind === 'wheel' ? (parsed.tags?.python.join('.') ?? 'any') : 'source';
  return [
    ['filetype', FILE_TYPES[parsed?.kind ?? 'sdist'] ?? 'sdist'],
    ['pyversion', parsed?.kind === 'egg' ? 'any' : python],
    ['md5_digest', md5],
    ['sha256_digest', sha256],
    ['blake2_256_digest', blake2b256],
  ];
}

const FILE_TYPES: Readonly<Record<string, string>> = {
  sdist: 'sdist',
  wheel: 'bdist_wheel',
  egg: 'bdist_egg',
  exe: 'bdist_wininst',
  msi: 'bdist_msi',
  rpm: 'bdist_rpm',
  dmg: 'bdist_dmg',
  bdist: 'bdist_dumb',
};

/** Puts a form together. Its length is known before anything is read, since many servers take no other bodies. */
export function outgoingForm(files: Files, fields: Fields, file?: OutgoingFile): OutgoingForm {
  const boundary = `wheelhouse-${randomUUID()}`;
  const start = (name: string, more = '') =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${more}\r\n\r\n`;
  const head = Buffer.from(
    fields.map(([name, value]) => `${start(name)}${value}\r\n`).join('') +
      (file === undefined
        ? ''
        : start(
            'content',
            `; filename="${quoted(file.filename)}"\r\nContent-Type: application/octet-stream`,
          )),
  );
  const tail = Buffer.from(`${file === undefined ? '' : '\r\n'}--${boundary}--\r\n`);
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + (file?.size ?? 0) + tail.length),
    },
    async *body() {
      yield head;
      if (file !== undefined) yield* readFile(files, file);
      yield tail;
    },
  };
}

async function* readFile(files: Files, file: OutgoingFile): AsyncGenerator<Uint8Array> {
  const open = await openWhole(files, file);
  try {
    for (;;) {
      // A buffer each: who sends may still hold the last one.
      const chunk = await open.next(Buffer.allocUnsafe(CHUNK));
      if (chunk.length === 0) return;
      yield chunk;
    }
  } finally {
    open.release();
  }
}

/** As browsers escape it (HTML, "multipart form data"). */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
