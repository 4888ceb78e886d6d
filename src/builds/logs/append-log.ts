import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import type { BuildsContext } from '../context.ts';
import type { Build } from '../model/build.ts';
import { buildsConfig } from '../settings.ts';
import { insertLogPiece, readLogSize } from './store.ts';

/**
 * Adds to the log of a running build what follows its first `position` characters (UTF-16 units); what is there already is left out, so
 * that sending twice does no harm. Returns how long the log is. Throws 400 where something would be missing between, 413 past the limit.
 */
export async function appendLog(
  { db, config }: BuildsContext,
  { id }: Build,
  { position, text }: { readonly position: number; readonly text: string },
): Promise<number> {
  const max = buildsConfig(config)['builds.max-log-bytes'];
  return await db.transaction().execute(async (tx) => {
    const size = await readLogSize(tx, id);
    if (position > size) {
      throw new AppError(
        kernelErrors.badRequest,
        `the log has ${size} characters, the piece begins at ${position}`,
      );
    }
    // PostgreSQL has no zero characters in texts.
    const added = text.slice(size - position).replaceAll('\0', '\uFFFD');
    if (added === '') return size;
    if (size + added.length > max) {
      const hint = 'the setting builds.max-log-bytes sets the limit';
      throw new AppError(kernelErrors.bodyTooLarge, `the log is larger than ${max} bytes`, { hint });
    }
    await insertLogPiece(tx, id, size, added);
    return size + added.length;
  });
}
