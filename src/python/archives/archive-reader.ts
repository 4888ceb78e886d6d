/** Where the bytes of an archive come from; whoever made it closes what is behind it. */
export interface ArchiveReader {
  /** Bytes. */
  readonly size: number;
  /** Fills the buffer from the position on; returns how many bytes there were. */
  read(into: Buffer, position: number): Promise<number>;
}
