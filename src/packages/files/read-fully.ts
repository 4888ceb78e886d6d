import { read } from 'node:fs';
import { promisify } from 'node:util';

const readAt = promisify(read);

/** Fills the buffer from the position on; throws if the file ends before. */
export async function readFully(fd: number, buffer: Buffer, position: number): Promise<Buffer> {
  for (let filled = 0; filled < buffer.byteLength;) {
    const { bytesRead } = await readAt(fd, buffer, filled, buffer.byteLength - filled, position + filled);
    if (bytesRead === 0) throw new Error('the stored file is shorter than its row says');
    filled += bytesRead;
  }
  return buffer;
}
