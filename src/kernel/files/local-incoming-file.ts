import { open, rm, type FileHandle } from 'node:fs/promises';
import type { Digester } from './digests.ts';
import type { Digests, IncomingFile, IncomingReader } from './files.ts';
import { throwStorageError } from './storage-error.ts';

type Store = (path: string, sha256: string, isSynced: boolean) => Promise<void>;

/** A file on its way in that lies under a name of its own until it is moved to its place. */
export class LocalIncomingFile implements IncomingFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #digester: Digester;
  readonly #store: Store;
  #size = 0;
  #digests: Digests | undefined;
  #isOpen = true;

  static async create(path: string, digester: Digester, store: Store): Promise<LocalIncomingFile> {
    const file = await open(path, 'wx', 0o600).catch(throwStorageError);
    return new LocalIncomingFile(path, file, digester, store);
  }

  private constructor(path: string, file: FileHandle, digester: Digester, store: Store) {
    this.#path = path;
    this.#file = file;
    this.#digester = digester;
    this.#store = store;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#digester.update(chunk);
    this.#size += chunk.byteLength;
    for (let offset = 0; offset < chunk.byteLength;) {
      const { bytesWritten } = await this.#file.write(chunk, offset).catch(throwStorageError);
      offset += bytesWritten;
    }
  }

  async finish(): Promise<Digests & { readonly size: number }> {
    this.#digests ??= this.#digester.digest();
    return { ...this.#digests, size: this.#size };
  }

  async read(): Promise<IncomingReader | undefined> {
    const file = await open(this.#path, 'r').catch(() => undefined);
    return (
      file && {
        size: this.#size,
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
    if (this.#digests === undefined) throw new Error('keep() before finish()');
    try {
      // The last byte may have come long ago: its age would let the collection take the file before its row is written.
      const now = new Date();
      await this.#file.utimes(now, now);
      if (isSynced) await this.#file.datasync();
      await this.#close();
      await this.#store(this.#path, this.#digests.sha256, isSynced);
    } catch (error) {
      throwStorageError(error);
    }
  }

  async release(): Promise<void> {
    await this.#close();
    // Nothing is left at this path once the file is kept.
    await rm(this.#path, { force: true });
  }

  async #close(): Promise<void> {
    if (this.#isOpen) await this.#file.close();
    this.#isOpen = false;
  }
}
