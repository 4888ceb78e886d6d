import { setImmediate } from 'node:timers/promises';
import { parseRecord, type RecordLine } from './record.ts';
import { ArchiveRejected, demand, quoted } from '../archive-rejected.ts';
import type { Zip, ZipEntry } from './zip/zip.ts';

const MAX_RECORD_BYTES = 32 * 1024 ** 2;
const MAX_FINDINGS = 20;
const PAUSE_LINES = 1000;
const HASHLESS = ['RECORD', 'RECORD.jws', 'RECORD.p7s'];

/**
 * Compares every file of a wheel with RECORD: listed exactly once, with its hash and size, and nothing listed that is
 * not there. RECORD and its signatures need no line (PEP 427). Reads the data of all files, so that wrong checksums are
 * found even in files that RECORD forgot. With `report`, mismatches are returned instead of thrown.
 */
export async function checkRecord(
  zip: Zip,
  files: ReadonlyMap<string, ZipEntry>,
  distInfo: string,
  mismatch: 'reject' | 'report',
): Promise<readonly string[]> {
  const findings: string[] = [];
  const wrong = (problem: ArchiveRejected): void => {
    if (mismatch === 'reject') throw problem;
    if (findings.length < MAX_FINDINGS) findings.push(problem.message);
  };
  const exempt = new Set(HASHLESS.map((name) => `${distInfo}/${name}`));
  const lines = await readLines(zip, files, `${distInfo}/RECORD`, wrong);
  for (const path of lines.keys()) {
    if (!files.has(path) && !exempt.has(path))
      wrong(problem('wheel.record-missing-file', path, 'is in RECORD but not in the wheel'));
  }
  for (const entry of zip.entries) {
    if (entry.isDirectory) continue;
    const line = lines.get(entry.name);
    const digest = await zip.hashEntry(entry, line?.hash?.algorithm);
    if (exempt.has(entry.name)) continue;
    if (line === undefined)
      wrong(problem('wheel.record-unlisted-file', entry.name, 'is not listed in RECORD'));
    else if (line.hash === undefined)
      wrong(problem('wheel.record-no-hash', entry.name, 'has no hash in RECORD'));
    else if (!line.hash.digest.equals(digest))
      wrong(problem('wheel.record-hash-mismatch', entry.name, 'does not match its hash in RECORD'));
    else if (line.bytes !== undefined && line.bytes !== entry.bytes)
      wrong(problem('wheel.record-size-mismatch', entry.name, 'does not match its size in RECORD'));
  }
  return findings;
}

async function readLines(
  zip: Zip,
  files: ReadonlyMap<string, ZipEntry>,
  name: string,
  wrong: (problem: ArchiveRejected) => void,
): Promise<ReadonlyMap<string, RecordLine>> {
  const entry = files.get(name);
  demand(entry !== undefined, 'wheel.missing-file', () => `the wheel has no ${quoted(name)}`);
  const text = (await zip.readEntry(entry, MAX_RECORD_BYTES)).toString('utf8');
  const lines = new Map<string, RecordLine>();
  let count = 0;
  try {
    for (const line of parseRecord(text)) {
      count++;
      if (count % PAUSE_LINES === 0) await setImmediate();
      if (count > 2 * files.size + PAUSE_LINES) {
        throw new ArchiveRejected('wheel.record-too-long', 'RECORD lists far more files than the wheel has');
      }
      if (lines.has(line.path))
        wrong(problem('wheel.record-duplicate', line.path, 'is listed in RECORD twice'));
      lines.set(line.path, line);
    }
  } catch (error) {
    if (!(error instanceof ArchiveRejected)) throw error;
    wrong(error);
  }
  return lines;
}

function problem(rule: string, path: string, what: string): ArchiveRejected {
  return new ArchiveRejected(rule, `${quoted(path)} ${what}`);
}
