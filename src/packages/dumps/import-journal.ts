import { appendFile, open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DATA_INDEX } from './dump-format.ts';

const Line = z.object({
  relpath: z.string(),
  mtimeMs: z.number(),
  size: z.number(),
  sha256: z.string(),
  md5: z.string(),
  blake2b256: z.string(),
  sidecar: z.object({ sha256: z.string(), size: z.number() }).optional(),
});

/** A file of a dump whose bytes are stored. */
export type JournalLine = z.infer<typeof Line>;

/**
 * What of a dump is stored already, one line a file, in the server directory: an import that is interrupted goes on there.
 * It counts for the same dump only, as long as nobody has written its `dataindex.json` anew.
 */
export class ImportJournal {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #lines: ReadonlyMap<string, JournalLine>;

  static async open(serverdir: string, dump: string): Promise<ImportJournal> {
    const path = join(serverdir, 'import.jsonl');
    const { size, mtimeMs } = await stat(join(dump, DATA_INDEX));
    const head = JSON.stringify({ dump, size, mtimeMs });
    const [found, ...lines] = (await readFile(path, 'utf8').catch(() => '')).split('\n');
    const isSame = found === head;
    if (!isSame) await rm(path, { force: true });
    const file = await open(path, 'a', 0o600);
    if (!isSame) await appendFile(file, `${head}\n`);
    return new ImportJournal(path, file, isSame ? lines.flatMap(readLine) : []);
  }

  private constructor(path: string, file: FileHandle, lines: readonly JournalLine[]) {
    this.#path = path;
    this.#file = file;
    this.#lines = new Map(lines.map((line) => [line.relpath, line]));
  }

  /** What is stored of a file, as it was then. */
  find(relpath: string): JournalLine | undefined {
    return this.#lines.get(relpath);
  }

  async add(lines: readonly JournalLine[]): Promise<void> {
    await this.#file.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** When it is no longer needed. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

/** The last line may be cut off. */
function readLine(text: string): JournalLine[] {
  try {
    return [Line.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
