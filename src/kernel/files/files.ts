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
  /** Makes the file durable under its sha256 (contents and directory entry are synced). */
  keep(): Promise<void>;
  /** Removes the bytes; does nothing after `keep`. */
  discard(): Promise<void>;
}

/** A stored file that is open for reading. Call `release` when done; the handle may be shared. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
  release(): void;
}

/** Content-addressed files: the name of a file is the sha256 of its bytes (design section 4). */
export interface Files {
  /** Starts a file whose digest is not known yet. */
  receive(): Promise<IncomingFile>;
  /** Stores small bytes at once, durably. Returns their sha256. */
  put(bytes: Uint8Array): Promise<string>;
  /** Opens for reading; throws `kernel.file-missing` if there is no such file. */
  open(sha256: string): Promise<OpenFile>;
  has(sha256: string): Promise<boolean>;
  /** Every stored digest with its size in bytes and the time it was last stored. */
  list(): AsyncIterable<{ readonly sha256: string; readonly size: number; readonly storedAt: number }>;
  remove(sha256: string): Promise<void>;
  /** Drops what writers left behind that died; only the process that owns the store may call it. */
  clearIncoming(): Promise<number>;
  close(): Promise<void>;
}
