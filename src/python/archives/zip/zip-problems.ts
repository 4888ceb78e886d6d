import { ArchiveRejected } from '../../archive-rejected.ts';
import type { ArchiveReader } from '../archive-reader.ts';
import { openZip, type ZipOptions } from './zip.ts';

/**
 * Every reason to refuse a zip archive, in one line each; none if it is one that every reader understands in the same way and
 * whose members are what they say. Members are inflated to the last byte and nothing is kept. Where the directory has problems
 * the data is not looked at.
 */
export async function findZipProblems(
  file: ArchiveReader,
  options: Omit<ZipOptions, 'report'> = {},
): Promise<readonly string[]> {
  const problems = new Set<string>();
  const report = ({ message }: ArchiveRejected) => void problems.add(message);
  try {
    const zip = await openZip(file, { ...options, report });
    if (problems.size > 0) return [...problems];
    for (const entry of zip.entries) {
      if (entry.isDirectory) continue;
      try {
        await zip.verifyEntry(entry);
      } catch (error) {
        if (!(error instanceof ArchiveRejected)) throw error;
        report(error);
      }
    }
  } catch (error) {
    if (!(error instanceof ArchiveRejected)) throw error;
    report(error);
  }
  return [...problems];
}
