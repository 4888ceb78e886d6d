import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflateRaw, inflateRawSync } from 'node:zlib';
import { ArchiveRejected, quoted } from '../archive-rejected.ts';

const SMALL_BYTES = 64 * 1024;

/**
 * Inflates the deflate data of a zip entry and hands it on in pieces. Data after the end of the deflate stream is
 * rejected: two readers could disagree about it. Never holds more than a few pieces.
 */
export async function inflateEntry(
  entry: { readonly name: string; readonly bytes: number; readonly compressedBytes: number },
  source: AsyncIterable<Buffer>,
  onPiece: (piece: Buffer) => void,
): Promise<void> {
  const isSmall = entry.bytes <= SMALL_BYTES && entry.compressedBytes <= SMALL_BYTES;
  await translate('zip.deflate', `the data of ${quoted(entry.name)}`, async () => {
    if (isSmall) return onPiece(inflateSmall(await collect(source), entry.bytes));
    return pipeline(
      source,
      createInflateRaw({ rejectGarbageAfterEnd: true, chunkSize: 128 * 1024 }),
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) onPiece(piece);
      },
    );
  });
}

/**
 * Inflates a gzip file of one member, and hands the data on in pieces. A second member or anything else behind the
 * first is rejected: some readers stop there, others read on.
 */
export async function gunzip(
  source: AsyncIterable<Buffer>,
  consume: (pieces: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  await translate('sdist.gzip', 'the gzip data', () =>
    pipeline(source, createGunzip({ rejectGarbageAfterEnd: true, chunkSize: 128 * 1024 }), consume),
  );
}

// A stream for each of ten thousand small files costs more than their data: up to 64 KiB at once keeps a turn of the
// event loop well below a millisecond.
function inflateSmall(data: Buffer, bytes: number): Buffer {
  return inflateRawSync(data, { rejectGarbageAfterEnd: true, maxOutputLength: Math.max(1, bytes) });
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(piece);
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}

// zlib reports bad data with codes such as Z_DATA_ERROR; everything else is not about the archive.
async function translate(rule: string, subject: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ERR_TRAILING_JUNK_AFTER_STREAM_END') {
      throw new ArchiveRejected(`${rule}-trailing-data`, `${subject} goes on after its end`);
    }
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new ArchiveRejected('archive.size-mismatch', `${subject} is larger than declared`);
    if (code === 'Z_BUF_ERROR') throw new ArchiveRejected(`${rule}-truncated`, `${subject} is cut off`);
    if (code.startsWith('Z_') && code !== 'Z_MEM_ERROR')
      throw new ArchiveRejected(rule, `${subject} cannot be inflated`);
    throw error;
  }
}
