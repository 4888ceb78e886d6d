import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { Files } from '../files/files.ts';

const READ_BYTES = 1024 ** 2;

/**
 * Copies stored bytes to another store, unless they are there. They are hashed on the way, and appear there only if they
 * are what their name says. Never as a link: damage to one must not be damage to both. Returns how many were copied, or what is
 * wrong with them.
 */
export async function copyBytes(
  from: Files,
  to: Files,
  sha256: string,
  size: number,
): Promise<number | string> {
  if ((await sizeIn(to, sha256)) === size) return 0;
  const source = await from.open(sha256).catch((error: unknown) => {
    if (error instanceof AppError && error.kind === kernelErrors.fileMissing) return undefined;
    throw error;
  });
  if (source === undefined) return 'the bytes are missing';
  try {
    const target = await to.receive();
    try {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      for (let read = await source.next(buffer); read.byteLength > 0; read = await source.next(buffer)) {
        await target.write(read);
      }
      const { sha256: found, size: copied } = await target.finish();
      if (found !== sha256) return 'the hash does not match';
      await target.keep();
      return copied;
    } finally {
      await target.release();
    }
  } finally {
    source.release();
  }
}

async function sizeIn(files: Files, sha256: string): Promise<number | undefined> {
  const open = await files.open(sha256).catch(() => undefined);
  open?.release();
  return open?.size;
}
