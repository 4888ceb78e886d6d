import { ArchiveRejected } from '../archive-rejected.ts';

/** Takes an asynchronous stream of pieces apart into runs of bytes of wanted lengths. */
export class ByteQueue {
  readonly #pieces: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next piece, of at most that many bytes; undefined at the end. */
  async upTo(length: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#pieces.next();
      if (done) return undefined;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** The next bytes, exactly that many; rejected as cut off when there are fewer. Keep the length small. */
  async exactly(length: number): Promise<Buffer> {
    const first = length === 0 ? Buffer.alloc(0) : await this.#next(length);
    if (first.length === length) return first;
    const pieces = [first];
    let missing = length - first.length;
    while (missing > 0) {
      const piece = await this.#next(missing);
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** Passes over that many bytes. */
  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0;) missing -= (await this.#next(missing)).length;
  }

  async #next(length: number): Promise<Buffer> {
    const piece = await this.upTo(length);
    if (piece === undefined)
      throw new ArchiveRejected('archive.truncated', 'the archive ends before its content does');
    return piece;
  }
}
