import type { ArchiveReader } from './archive-reader.ts';
import type { ParsedFilename } from '../names/filename.ts';
import { demand } from '../archive-rejected.ts';

const ZIP = 'PK\x03\x04';
const GZIP = '\x1f\x8b\x08';

const MAGIC: Readonly<Record<string, string>> = {
  whl: ZIP,
  zip: ZIP,
  egg: ZIP,
  'tar.gz': GZIP,
  tgz: GZIP,
  'tar.bz2': 'BZh',
  bz2: 'BZh',
  exe: 'MZ',
  msi: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
  rpm: '\xed\xab\xee\xdb',
  deb: '!<arch>\n',
};

const DMG_TRAILER_BYTES = 512;
const DMG_MAGIC = 'koly';

/** Rejects a file whose first bytes (a disk image: last bytes) are not those of the format that its name promises. */
export async function checkMagic(file: ArchiveReader, { extension }: ParsedFilename): Promise<void> {
  const magic = extension === 'dmg' ? DMG_MAGIC : (MAGIC[extension] ?? '');
  const at = extension === 'dmg' ? Math.max(0, file.size - DMG_TRAILER_BYTES) : 0;
  const buffer = Buffer.alloc(magic.length);
  const bytesRead = await file.read(buffer, at);
  demand(
    buffer.toString('latin1', 0, bytesRead) === magic,
    'archive.magic',
    () => `the content is not that of a .${extension} file`,
  );
}
