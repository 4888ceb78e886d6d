import { AppError } from '#kernel/errors/app-error.ts';
import type { Context } from '#kernel/context.ts';
import type { ArchiveReader } from '#python/archives/archive-reader.ts';
import { DEFAULT_LIMITS, type ArchiveLimits } from '#python/archives/limits.ts';
import { findZipProblems } from '#python/archives/zip/zip-problems.ts';
import { packagesErrors } from '../errors.ts';
import { packagesConfig } from '../settings.ts';

/** A refusal names so many reasons and counts the rest. */
const MAX_REASONS = 20;

/**
 * Reads a documentation zip from the first byte to the last; throws 400 with every reason why it cannot be kept: members that
 * leave the archive, links, names that are there twice, too many files, more inflated bytes than are allowed or said. Where
 * `packages.archive-check` only warns, it says so in the log.
 */
export async function checkDocumentation(
  { config, log }: Pick<Context, 'config' | 'log'>,
  zip: ArchiveReader,
  filename: string,
): Promise<void> {
  const problems = await findZipProblems(zip, { limits: documentationLimits({ config }) });
  if (problems.length === 0) return;
  if (packagesConfig(config)['packages.archive-check'] === 'warn') {
    log.warn(
      { filename, problems: problems.slice(0, MAX_REASONS) },
      'accepted a documentation zip with problems',
    );
    return;
  }
  const more = problems.length - MAX_REASONS;
  const reasons = problems.slice(0, MAX_REASONS).join('; ');
  throw new AppError(
    packagesErrors.invalidDocumentation,
    `invalid documentation '${filename}': ${reasons}${more > 0 ? `; and ${more} more` : ''}`,
  );
}

/** What a documentation zip may hold. */
export function documentationLimits({ config }: Pick<Context, 'config'>): ArchiveLimits {
  const settings = packagesConfig(config);
  return {
    ...DEFAULT_LIMITS,
    maxEntries: settings['packages.documentation-files'],
    maxTotalBytes: settings['packages.documentation-bytes'],
  };
}
