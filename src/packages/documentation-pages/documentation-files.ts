import { LRUCache } from 'lru-cache';
import type { Files } from '#kernel/files/files.ts';
import type { ArchiveReader } from '#python/archives/archive-reader.ts';
import { FileWindow } from '#python/archives/file-window.ts';
import type { ArchiveLimits } from '#python/archives/limits.ts';
import { readDirectory } from '#python/archives/zip/zip-directory.ts';
import { openWhole } from '#kernel/files/open-whole.ts';
import type { Documentation } from '../documentation/store.ts';

/** A file in a documentation zip, and where it is. */
export interface DocumentationFile {
  readonly method: 'stored' | 'deflate';
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** First and last byte of local header and data. */
  readonly first: number;
  readonly last: number;
}

type StoredZip = Pick<Documentation, 'sha256' | 'size'>;
type Contents = ReadonlyMap<string, DocumentationFile>;

/** Of an entry of the map, beside its name. */
const ENTRY_BYTES = 150;
const LOCAL_HEADER_BYTES = 30;
const PIECE = 256 * 1024;

/**
 * What documentation zips hold, read from their directories when first asked for; the zips stay as they are. What a directory
 * takes in memory is bounded, and many who ask for one zip at a time have it read once.
 */
export class DocumentationFiles {
  readonly #files: Files;
  readonly #limits: ArchiveLimits;
  readonly #contents: LRUCache<string, Contents, StoredZip>;

  constructor(
    files: Files,
    { maxBytes, limits }: { readonly maxBytes: number; readonly limits: ArchiveLimits },
  ) {
    this.#files = files;
    this.#limits = limits;
    this.#contents = new LRUCache<string, Contents, StoredZip>({
      maxSize: maxBytes,
      sizeCalculation: (contents) =>
        [...contents.keys()].reduce((sum, name) => sum + 2 * name.length + ENTRY_BYTES, ENTRY_BYTES),
      fetchMethod: async (_sha256, _stale, { context }) => await this.#readContents(context),
    });
  }

  /** What is in the zip by path; throws `ArchiveRejected` if it is no zip, which only a server that takes all has. */
  async contents(zip: StoredZip): Promise<Contents> {
    const contents = await this.#contents.fetch(zip.sha256, { context: zip });
    if (contents === undefined) throw new Error('the directory of a documentation zip was not read');
    return contents;
  }

  /** The data of a file as it lies in the zip, deflated or not, in pieces. */
  async *read(zip: StoredZip, file: DocumentationFile): AsyncGenerator<Buffer> {
    const open = await openWhole(this.#files, zip, file);
    try {
      const size = Math.min(file.last - file.first + 1, PIECE);
      const start = await open.next(Buffer.allocUnsafe(size));
      const dataAt = LOCAL_HEADER_BYTES + start.readUInt16LE(26) + start.readUInt16LE(28);
      let left = file.compressedBytes;
      for (let piece = start.subarray(dataAt); ;) {
        const part = piece.subarray(0, left);
        left -= part.length;
        if (part.length > 0) yield part;
        if (left === 0) return;
        piece = await open.next(Buffer.allocUnsafe(PIECE));
        if (piece.length === 0) throw new Error('a documentation zip ends before its directory says');
      }
    } finally {
      open.release();
    }
  }

  async #readContents(zip: StoredZip): Promise<Contents> {
    const directory = await readDirectory(new FileWindow(readerOf(this.#files, zip)), this.#limits);
    const inOrder = directory.entries.toSorted((a, b) => a.headerOffset - b.headerOffset);
    const contents = new Map<string, DocumentationFile>();
    for (const [at, entry] of inOrder.entries()) {
      const { name, isDirectory, method, crc32, compressedBytes, bytes, headerOffset: first } = entry;
      if (isDirectory) continue;
      const last = (inOrder[at + 1]?.headerOffset ?? directory.start) - 1;
      contents.set(name, { method, crc32, compressedBytes, bytes, first, last });
    }
    return contents;
  }
}

/** Stored bytes at any position. */
function readerOf(files: Files, zip: StoredZip): ArchiveReader {
  return {
    size: zip.size,
    async read(into, position) {
      const last = Math.min(position + into.length, zip.size) - 1;
      if (last < position) return 0;
      const open = await openWhole(files, zip, { first: position, last });
      try {
        const bytes = await open.next(into.subarray(0, last - position + 1));
        if (bytes.buffer !== into.buffer || bytes.byteOffset !== into.byteOffset) bytes.copy(into);
        return bytes.length;
      } finally {
        open.release();
      }
    },
  };
}
