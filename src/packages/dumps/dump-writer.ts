import { appendFile, mkdir, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { syncDirectory } from '#kernel/files/sync-directory.ts';
import { syncFileSystem } from '#kernel/files/sync-file-system.ts';
import { DEVPI_VERSION } from '../contract.ts';
import { hasHash } from './check-bytes.ts';
import { packagesErrors } from '../errors.ts';
import { DATA_INDEX, type FileItem } from './dump-format.ts';

/** What is there of a dump that is not whole yet, one line a file. */
const JOURNAL = '.unfinished.jsonl';
const WRITE_CHARACTERS = 256 * 1024;

/** A file, and where it goes in the dump. */
export interface WrittenFile {
  readonly relpath: string;
  /** Algorithm and hex digest, as devpi writes them: `sha256=…`. */
  readonly hash: string;
}

/** Writes the bytes of a file to a path where nothing is yet; false if there are none. */
export type PutBytes = (path: string) => Promise<boolean>;

/**
 * Writes a dump that devpi-import takes (reference devpi.md 4.1) in the order in which it is called. `dataindex.json` appears last,
 * so that a dump that has it is whole. What an interrupted export has written is not written again.
 */
export class DumpWriter {
  readonly #directory: string;
  readonly #journal: string;
  /** What is there already, by path. */
  readonly #known: Map<string, string>;
  readonly #used = new Set<string>();
  readonly #out: FileHandle;
  /** Not yet written. */
  #text: string[] = [];
  #length = 0;
  #separator = '';

  /** `source` names the server; only an interrupted export of the same one is gone on with. */
  static async open(directory: string, source: string): Promise<DumpWriter> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const journal = join(directory, JOURNAL);
    const head = JSON.stringify({ source });
    const names = await readdir(directory);
    const [found, ...lines] = (await readFile(journal, 'utf8').catch(() => '')).split('\n');
    if (names.length > 0 && found !== head) {
      const isOther = names.includes(JOURNAL);
      throw new AppError(
        packagesErrors.exportNeedsNewDirectory,
        isOther ? `${directory} holds an interrupted export of another server` : `${directory} is not empty`,
      );
    }
    if (names.length === 0) await appendFile(journal, `${head}\n`, { mode: 0o600 });
    const known = new Map(lines.flatMap(readLine).map(({ relpath, hash }) => [relpath, hash]));
    const out = await open(join(directory, `${DATA_INDEX}.part`), 'w', 0o600);
    return new DumpWriter(directory, journal, known, out);
  }

  private constructor(directory: string, journal: string, known: Map<string, string>, out: FileHandle) {
    this.#directory = directory;
    this.#journal = journal;
    this.#known = known;
    this.#out = out;
  }

  async begin(): Promise<void> {
    await this.#write(
      `{\n"dumpversion": "2",\n"devpi_server": ${JSON.stringify(DEVPI_VERSION)},\n"users": {`,
    );
  }

  async user(name: string, fields: object): Promise<void> {
    await this.#member(name, fields);
  }

  async beginIndexes(): Promise<void> {
    await this.#write('\n},\n"indexes": {');
    this.#separator = '';
  }

  async beginIndex(key: string, config: object): Promise<void> {
    await this.#write(
      `${this.#separator}\n${JSON.stringify(key)}: {\n"indexconfig": ${JSON.stringify(config)},\n"projects": {`,
    );
    this.#separator = '';
  }

  /** The releases are JSON by version. */
  async project(name: string, releases: ReadonlyMap<string, string>): Promise<void> {
    const members = [...releases].map(([version, json]) => `${JSON.stringify(version)}: ${json}`);
    await this.#write(`${this.#separator}\n${JSON.stringify(name)}: {${members.join(', ')}}`);
    this.#separator = ',';
  }

  async beginFiles(): Promise<void> {
    await this.#write('\n},\n"files": [');
    this.#separator = '';
  }

  async file(item: FileItem): Promise<void> {
    await this.#write(`${this.#separator}\n${JSON.stringify(item)}`);
    this.#separator = ',';
  }

  async endIndex(): Promise<void> {
    await this.#write('\n]\n}');
    this.#separator = ',';
  }

  /** An index of which the dump has the configuration alone. */
  async bareIndex(key: string, config: object): Promise<void> {
    await this.#member(key, { indexconfig: config });
  }

  /** Has the bytes of a file in the dump, unless an export that was interrupted has brought them; false if there are none. */
  async put({ relpath, hash }: WrittenFile, bring: PutBytes): Promise<boolean> {
    const path = join(this.#directory, relpath);
    if (this.knows({ relpath, hash }) && (await hasHash(path, hash))) return true;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const part = `${path}.part`;
    await rm(part, { force: true });
    if (!(await bring(part))) {
      await rm(part, { force: true });
      return false;
    }
    await rename(part, path);
    await this.wrote([{ relpath, hash }]);
    return true;
  }

  /** Whether an export that was interrupted has brought this file, if it is whole. */
  knows({ relpath, hash }: WrittenFile): boolean {
    this.#used.add(relpath);
    return this.#known.get(relpath) === hash;
  }

  /** Remembers files that are there, for when this is interrupted. */
  async wrote(files: readonly WrittenFile[]): Promise<void> {
    const lines = files.map(({ relpath, hash }) => `${JSON.stringify({ relpath, hash })}\n`);
    await appendFile(this.#journal, lines.join(''));
  }

  /** Makes the dump whole: what an earlier try has written and is no longer wanted goes. */
  async end(): Promise<void> {
    await this.#write('\n}\n}\n');
    await this.#flush();
    for (const relpath of this.#known.keys())
      if (!this.#used.has(relpath)) await rm(join(this.#directory, relpath), { force: true });
    const part = join(this.#directory, `${DATA_INDEX}.part`);
    await syncFileSystem(this.#directory);
    await rename(part, join(this.#directory, DATA_INDEX));
    await rm(this.#journal, { force: true });
    await syncDirectory(this.#directory);
  }

  /** After a failure, too; what is there stays for the next try. */
  async close(): Promise<void> {
    await this.#out.close();
  }

  async #member(key: string, value: object): Promise<void> {
    await this.#write(`${this.#separator}\n${JSON.stringify(key)}: ${JSON.stringify(value)}`);
    this.#separator = ',';
  }

  async #write(text: string): Promise<void> {
    this.#text.push(text);
    this.#length += text.length;
    if (this.#length > WRITE_CHARACTERS) await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#text.join('');
    [this.#text, this.#length] = [[], 0];
    await this.#out.writeFile(text);
  }
}

/** The last line may be cut off. */
function readLine(text: string): { readonly relpath: string; readonly hash: string }[] {
  try {
    const { relpath, hash } = JSON.parse(text) as Record<string, unknown>;
    return typeof relpath === 'string' && typeof hash === 'string' ? [{ relpath, hash }] : [];
  } catch {
    return [];
  }
}
