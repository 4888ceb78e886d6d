import { chmod, constants, link, lstat, open, rm } from 'node:fs/promises';
import type { Digester } from './digests.ts';
import type { Digests, IncomingFile, IncomingReader } from './files.ts';
import { throwStorageError } from './storage-error.ts';

type Store = (path: string, sha256: string, isSynced: boolean) => Promise<void>;

const READ_BYTES = 256 * 1024;
/** Nobody writes into stored bytes, whatever name they come by. */
export const STORED_MODE = 0o400;

/** No second name can be given: another file system, none that has them, or too many. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES']);

export function isNoLink(error: unknown): boolean {
  return NO_LINK.has((error as NodeJS.ErrnoException).code ?? '');
}

/**
 * A file of the same file system that gets a second name in the store. Only one of this user, whom it is made read-only for:
 * who could write into it would change what is stored.
 */
export class LinkedFile implements IncomingFile {
  readonly #path: string;
  readonly #digester: Digester;
  readonly #store: Store;
  #read: (Digests & { readonly size: number }) | undefined;

  /** Undefined where the file cannot have a second name; then it must be copied. */
  static async create(
    source: string,
    path: string,
    digester: Digester,
    store: Store,
  ): Promise<LinkedFile | undefined> {
    try {
      await link(source, path);
    } catch (error) {
      if (isNoLink(error)) return undefined;
      throw error;
    }
    const found = await lstat(path);
    if (!found.isFile() || found.uid !== process.getuid?.()) {
      await rm(path, { force: true });
      return undefined;
    }
    await chmod(path, STORED_MODE);
    return new LinkedFile(path, digester, store);
  }

  private constructor(path: string, digester: Digester, store: Store) {
    this.#path = path;
    this.#digester = digester;
    this.#store = store;
  }

  write(): Promise<void> {
    return Promise.reject(new Error('a linked file has its bytes already'));
  }

  async finish(): Promise<Digests & { readonly size: number }> {
    this.#read ??= await this.#digest();
    return this.#read;
  }

  async #digest(): Promise<Digests & { readonly size: number }> {
    const file = await open(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      let size = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, READ_BYTES, size);
        if (bytesRead === 0) break;
        this.#digester.update(buffer.subarray(0, bytesRead));
        size += bytesRead;
      }
      return { ...this.#digester.digest(), size };
    } finally {
      await file.close();
    }
  }

  async read(): Promise<IncomingReader | undefined> {
    const { size } = await this.finish();
    const file = await open(this.#path, 'r').catch(() => undefined);
    return (
      file && {
        size,
        read: async (into, position) => (await file.read(into, 0, into.byteLength, position)).bytesRead,
        [Symbol.asyncDispose]: () => file.close(),
      }
    );
  }

  keep(): Promise<void> {
    return this.#keep(true);
  }

  keepUnsynced(): Promise<void> {
    return this.#keep(false);
  }

  async #keep(isSynced: boolean): Promise<void> {
    const { sha256 } = await this.finish();
    try {
      if (isSynced) {
        const file = await open(this.#path, 'r');
        await file.datasync().finally(() => file.close());
      }
      await this.#store(this.#path, sha256, isSynced);
    } catch (error) {
      throwStorageError(error);
    }
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
