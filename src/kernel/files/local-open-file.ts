import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { ByteRange, OpenFile } from './files.ts';
import type { SharedHandle } from './open-file-cache.ts';

const readAt = promisify(read);

/** Reads a local file, or a range of it, at positions of its own, so that many share one handle. */
export function readLocalFile({ fd, size, release }: SharedHandle, range?: ByteRange): OpenFile {
  let position = range?.first ?? 0;
  const end = range === undefined ? size : Math.min(range.last + 1, size);
  return {
    size,
    async next(into) {
      const wanted = Math.min(into.byteLength, Math.max(end - position, 0));
      for (let filled = 0; filled < wanted;) {
        const { bytesRead } = await readAt(fd, into, filled, wanted - filled, position);
        if (bytesRead === 0) throw new Error('the stored file became shorter while it was read');
        filled += bytesRead;
        position += bytesRead;
      }
      return into.subarray(0, wanted);
    },
    release,
  };
}
