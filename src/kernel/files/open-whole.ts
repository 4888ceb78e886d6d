import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import type { ByteRange, Files, OpenFile } from './files.ts';

/** Opens a file whose bytes are as many as its row says; throws `kernel.file-missing` if they are not. */
export async function openWhole(
  files: Files,
  { sha256, size }: { readonly sha256: string; readonly size: number },
  range?: ByteRange,
): Promise<OpenFile> {
  const open = await files.open(sha256, range);
  if (open.size === size) return open;
  open.release();
  const detail = `the stored file ${sha256} has ${open.size} bytes instead of ${size}`;
  throw new AppError(kernelErrors.fileMissing, detail);
}
