import { ArchiveRejected, demand, quoted } from '../archive-rejected.ts';

// Far above what is in use, and low enough that work on all names stays small.
const MAX_NAME_BYTES = 1024;
const MAX_DEPTH = 64;

/**
 * Decodes the name of a member and rejects every name that some reader could place outside the directory it unpacks
 * into, or that two readers could read differently. A directory keeps its trailing slash.
 */
export function decodeMemberName(bytes: Uint8Array): string {
  demand(bytes.length > 0, 'member.empty-name', () => 'a member has an empty name');
  demand(
    bytes.length <= MAX_NAME_BYTES,
    'member.long-name',
    () => `a member name is longer than ${MAX_NAME_BYTES} bytes`,
  );
  const name = decodeUtf8(bytes);
  const problem = nameProblem(name);
  demand(problem === undefined, 'member.unsafe-name', () => `member ${quoted(name)} ${problem}`);
  return name;
}

/** What is wrong with the name of a member, as the end of a sentence; undefined when it is safe. */
export function nameProblem(name: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return 'has a control character in its name';
  if (name.includes('\\')) return 'has a backslash in its name';
  if (name.startsWith('/')) return 'has an absolute path';
  if (/^[A-Za-z]:/.test(name)) return 'starts with a drive letter';
  const segments = (name.endsWith('/') ? name.slice(0, -1) : name).split('/');
  if (segments.includes('..')) return 'leaves the archive with ..';
  if (segments.includes('') || segments.includes('.')) return 'has an empty or . path segment';
  if (segments.length > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} directories deep`;
  return undefined;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ArchiveRejected(
      'member.name-encoding',
      `member ${quoted(Buffer.from(bytes).toString('latin1'))} has a name that is not UTF-8`,
    );
  }
}
