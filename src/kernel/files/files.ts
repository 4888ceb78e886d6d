/** The digests of a file, lower-case hex. BLAKE2b is the 256-bit variant that PyPI's upload form uses. */
export interface Digests {
  readonly sha256: string;
  readonly md5: string;
  readonly blake2b256: string;
}

/** Bytes on their way in: nobody else sees them until `keep`. */
export interface IncomingFile {
  /** Appends; resolves when the bytes can be read back, which is the back-pressure. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the writing; the digests are of everything written. */
  finish(): Promise<Digests & { readonly size: number }>;
  /** Reads what was written so far, also while more is; undefined once the file is kept or released. */
  read(): Promise<IncomingReader | undefined>;
  /** Makes the file durable under its sha256. */
  keep(): Promise<void>;
  /** The same, durable only after the store's next `sync`: for many files at once. */
  keepUnsynced(): Promise<void>;
  /** Removes the bytes unless they were kept. */
  release(): Promise<void>;
}

/** Bytes on their way in, at any position. They stay readable until it is disposed of, whatever becomes of the file. */
export interface IncomingReader extends AsyncDisposable {
  /** Bytes written when the reading began. */
  readonly size: number;
  /** Fills the buffer from the position on; returns how many bytes there were. */
  read(into: Buffer, position: number): Promise<number>;
}

/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A stored file, or a range of it, read once from front to back. Call `release` when done. */
export interface OpenFile {
  /** Bytes of the whole file, whatever range was asked for. */
  readonly size: number;
  /**
   * Fills the buffer with the bytes that follow and returns the part of it that they take: shorter only at the end, empty
   * after it. One call at a time; the buffer is free again when the next one is made with another buffer.
   */
  next(into: Buffer): Promise<Buffer>;
  release(): void;
}

export interface StoredFile {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** When the bytes were last stored, epoch milliseconds. */
  readonly storedAt: number;
}

export interface Presigned {
  /** Seconds for which the URL is good. */
  readonly seconds: number;
  readonly contentType: string;
}

/**
 * Content-addressed files: the name of a file is the sha256 of its bytes. Nothing here needs more than an object store
 * has: put a stream, get a range as a stream, list, delete.
 */
export interface Files {
  /** Starts a file whose digest is not known yet. */
  receive(): Promise<IncomingFile>;
  /** Opens a file, or a range of it, for reading; throws `kernel.file-missing` if there is no such file. */
  open(sha256: string, range?: ByteRange): Promise<OpenFile>;
  /** Where the bytes of a file are below the directory `sha256` of the store. Only where the store is a directory. */
  readonly pathOf?: (sha256: string) => string;
  /** A URL from which whoever has it may read the file for a while; only where the store itself answers HTTP. */
  readonly presign?: (sha256: string, options: Presigned) => Promise<string>;
  list(): AsyncIterable<StoredFile>;
  /** Removes a file unless it was stored again at or after that time. Returns whether it is gone. */
  remove(sha256: string, storedBefore: number): Promise<boolean>;
  /**
   * Removes what processes that died left on its way in, and has not grown since that time (epoch milliseconds). The time
   * must be longer ago than any upload pauses: other processes may receive files into the same store.
   */
  removeUnfinished(writtenBefore: number): Promise<void>;
  /** Makes durable all that was kept unsynced. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
