import type { FileHandle } from 'node:fs/promises';

/** The digests of a file, lower-case hex. BLAKE2b is the 256-bit variant that PyPI's upload form uses. */
export interface Digests {
  readonly sha256: string;
  readonly md5: string;
  readonly blake2b256: string;
}

/** Bytes on their way in: nobody else sees them until `keep`. */
export interface IncomingFile {
  /** Where the bytes lie while they are being checked. */
  readonly path: string;
  /** Appends; resolves when the bytes are with the operating system, which is the back-pressure. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the writing; the digests are of everything written. */
  finish(): Promise<Digests & { readonly size: number }>;
  /** Makes the file durable under its sha256: contents and directory entry are synced. */
  keep(): Promise<void>;
  /** The transaction that needed the file is over: removes the bytes, or after `keep` only the mark of arrival. */
  release(): Promise<void>;
}

/** A stored file that is open for reading. Call `release` when done; the handle may be shared. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
  release(): void;
}

export interface StoredFile {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** When the bytes were last stored, epoch milliseconds. */
  readonly storedAt: number;
}

/** Content-addressed files: the name of a file is the sha256 of its bytes (design section 4). */
export interface Files {
  /** Starts a file whose digest is not known yet. */
  receive(): Promise<IncomingFile>;
  /** Opens for reading; throws `kernel.file-missing` if there is no such file. */
  open(sha256: string): Promise<OpenFile>;
  list(): AsyncIterable<StoredFile>;
  /** Removes a file unless it was stored again at or after that time. Returns whether it is gone. */
  remove(sha256: string, storedBefore: number): Promise<boolean>;
  /**
   * Clears up after a process that died: removes unfinished bytes, and kept ones that no row needs. Only the
   * process that owns the store may call it, before it receives anything.
   */
  recover(isReferenced: (sha256: string) => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}
