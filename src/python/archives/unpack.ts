import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseFilename } from '../names/filename.ts';
import type { ArchiveReader } from './archive-reader.ts';
import { demand, quoted } from '../archive-rejected.ts';
import { FileWindow } from './file-window.ts';
import { gunzip } from './inflate.ts';
import { inspectArchive } from './inspect.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { readTar, type TarMember } from './tar/tar.ts';
import { openZip } from './zip/zip.ts';

/**
 * Unpacks an sdist into an empty directory and resolves to its top directory there. The whole archive is inspected before the
 * first file is written, and nothing is written outside. Throws `ArchiveRejected`.
 */
export async function unpackSdist(file: ArchiveReader, filename: string, directory: string): Promise<string> {
  const parsed = parseFilename(filename);
  demand(
    parsed?.kind === 'sdist' && ['tar.gz', 'tgz', 'zip'].includes(parsed.extension),
    'archive.filename',
    () => `${quoted(filename)} is no sdist that can be unpacked`,
  );
  await inspectArchive(file, filename);
  if (parsed.extension === 'zip') await unpackZip(file, directory);
  else await unpackTar(file, directory);
  const [top = ''] = await readdir(directory);
  return join(directory, top);
}

async function unpackZip(file: ArchiveReader, directory: string): Promise<void> {
  const zip = await openZip(file);
  for (const entry of zip.entries) {
    if (entry.isDirectory) mkdirSync(join(directory, entry.name), { recursive: true });
    else write(join(directory, entry.name), await zip.readEntry(entry, entry.bytes), false);
  }
}

async function unpackTar(file: ArchiveReader, directory: string): Promise<void> {
  const links: TarMember[] = [];
  await gunzip(new FileWindow(file).stream(0, file.size), (pieces) =>
    readTar(pieces, {
      limits: DEFAULT_LIMITS,
      wanted: ({ kind, bytes }) => (kind === 'file' ? bytes : undefined),
      onMember(member, data) {
        const path = join(directory, member.name);
        if (member.kind === 'directory') mkdirSync(path, { recursive: true });
        else if (data !== undefined) write(path, data, member.isExecutable === true);
        else links.push(member);
      },
    }),
  );
  // At the end: what they lead to is there, and nothing is written through one.
  for (const { name, kind, target = '' } of links) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    if (kind === 'symbolic-link') symlinkSync(target, path);
    else linkSync(join(directory, target), path);
  }
}

function write(path: string, data: Buffer, isExecutable: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  // Of members of one name the last counts.
  rmSync(path, { force: true });
  writeFileSync(path, data, { flag: 'wx', mode: isExecutable ? 0o755 : 0o644 });
}
