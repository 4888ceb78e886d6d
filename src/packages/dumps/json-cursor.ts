import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 1024 ** 2;
/** One value is parsed as a whole: a release with a description, or one file of an index. */
const MAX_VALUE_BYTES = 64 * 1024 ** 2;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Walks through a JSON file from front to back without holding it: the caller goes into an object or a list, member by
 * member, or takes a value as a whole. Members come as they are written, so that a key that stands twice is seen twice.
 * Throws `SyntaxError` with the position of what is no JSON.
 */
export class JsonCursor {
  readonly #file: FileHandle;
  #buffer: Buffer = Buffer.alloc(0);
  /** Of the next byte in the buffer. */
  #at = 0;
  /** Of the first byte of the buffer in the file. */
  #start = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The keys of the object that comes next. Each value must be taken, or gone through, before the next key. */
  async *keys(): AsyncGenerator<string> {
    await this.#expect(OPEN_OBJECT);
    if (await this.#accept(CLOSE_OBJECT)) return;
    do {
      if ((await this.#peek()) !== QUOTE) throw this.#unexpected();
      const key = (await this.value()) as string;
      await this.#expect(COLON);
      yield key;
    } while (await this.#accept(COMMA));
    await this.#expect(CLOSE_OBJECT);
  }

  /** The values of the list that comes next. */
  async *items(): AsyncGenerator<unknown> {
    await this.#expect(OPEN_LIST);
    if (await this.#accept(CLOSE_LIST)) return;
    do yield await this.value();
    while (await this.#accept(COMMA));
    await this.#expect(CLOSE_LIST);
  }

  /** Whether an object or a list comes next. */
  async kind(): Promise<'object' | 'list' | 'other'> {
    const next = await this.#peek();
    if (next === OPEN_OBJECT) return 'object';
    return next === OPEN_LIST ? 'list' : 'other';
  }

  /** The value that comes next, whole. */
  async value(): Promise<unknown> {
    await this.#peek();
    const position = this.#start + this.#at;
    const bytes = await this.#valueBytes();
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch {
      throw new SyntaxError(`no JSON at byte ${position}`);
    }
  }

  /** Nothing but space may follow. */
  async end(): Promise<void> {
    if ((await this.#peek()) !== undefined) throw this.#unexpected();
  }

  async #valueBytes(): Promise<Buffer> {
    let depth = 0;
    let isText = false;
    for (let looked = 0; ;) {
      const buffer = this.#buffer;
      for (let at = this.#at + looked; at < buffer.length;) {
        if (isText) {
          // Nearly all of a dump is text: it is passed over faster than byte by byte.
          const quote = buffer.indexOf(QUOTE, at);
          if (quote === -1) break;
          at = quote + 1;
          isText = this.#isEscaped(quote);
          if (!isText && depth === 0) return this.#take(at - this.#at);
          continue;
        }
        const byte = buffer[at] ?? 0;
        const isEnd = byte === CLOSE_OBJECT || byte === CLOSE_LIST;
        // What ends a bare value, or what is around it.
        if (depth === 0 && (isEnd || byte === COMMA || byte === COLON || SPACES.has(byte)))
          return this.#take(at - this.#at);
        at += 1;
        if (byte === QUOTE) isText = true;
        else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth += 1;
        else if (isEnd) {
          depth -= 1;
          if (depth === 0) return this.#take(at - this.#at);
        }
      }
      looked = buffer.length - this.#at;
      if (looked > MAX_VALUE_BYTES)
        throw new SyntaxError(
          `the value at byte ${this.#start + this.#at} has more than ${MAX_VALUE_BYTES} bytes`,
        );
      if (!(await this.#fill())) return this.#take(looked);
    }
  }

  /** Whether a quote belongs to the text that it is in: an odd number of backslashes is before it. */
  #isEscaped(quote: number): boolean {
    let at = quote - 1;
    while (this.#buffer[at] === BACKSLASH) at -= 1;
    return (quote - at) % 2 === 0;
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  async #accept(byte: number): Promise<boolean> {
    if ((await this.#peek()) !== byte) return false;
    this.#at += 1;
    return true;
  }

  async #expect(byte: number): Promise<void> {
    if (!(await this.#accept(byte))) throw this.#unexpected();
  }

  /** The next byte that is no space; undefined at the end. */
  async #peek(): Promise<number | undefined> {
    for (;;) {
      const byte = this.#buffer[this.#at];
      if (byte === undefined) {
        if (!(await this.#fill())) return undefined;
      } else if (SPACES.has(byte)) this.#at += 1;
      else return byte;
    }
  }

  /** Reads on; false at the end of the file. What was taken already is let go. */
  async #fill(): Promise<boolean> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await this.#file.read(chunk, 0, CHUNK_BYTES, this.#start + this.#buffer.length);
    if (bytesRead === 0) return false;
    const rest = this.#buffer.subarray(this.#at);
    this.#start += this.#at;
    this.#at = 0;
    const read = chunk.subarray(0, bytesRead);
    this.#buffer = rest.length === 0 ? read : Buffer.concat([rest, read]);
    return true;
  }

  #unexpected(): SyntaxError {
    const position = this.#start + this.#at;
    return new SyntaxError(
      this.#at < this.#buffer.length ? `not expected at byte ${position}` : `ends at byte ${position}`,
    );
  }
}
