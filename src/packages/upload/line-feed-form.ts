import { Transform, type TransformCallback } from 'node:stream';

const CRLF = Buffer.from('\r\n');
const LF = 0x0a;
const CR = 0x0d;

/** What may stand before the first delimiter, and how long a line of a head may be, until nothing is changed any more. */
const MAX_PREAMBLE = 1024;
const MAX_LINE = 16 * 1024;

/**
 * Puts CRLF where a form ends its lines with a bare LF, as `setup.py register` and `upload_docs` of distutils write it
 * and RFC 2046 does not allow. The first delimiter tells which form it is; any other passes unchanged. Contents keep
 * every byte: only delimiters and the heads of parts are touched.
 */
export class LineFeedForm extends Transform {
  readonly #delimiter: Buffer;
  readonly #inner: Buffer;
  #state: 'preamble' | 'head' | 'content' | 'unchanged' | 'epilogue' = 'preamble';
  #pending: Buffer = Buffer.alloc(0);
  /** The line of a head has begun with bytes that are gone already. */
  #isWithinLine = false;

  constructor(boundary: string) {
    super();
    this.#delimiter = Buffer.from(`--${boundary}`, 'latin1');
    this.#inner = Buffer.from(`\n--${boundary}`, 'latin1');
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#state === 'unchanged') {
      done(null, chunk);
      return;
    }
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#step());
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#state !== 'epilogue') this.push(this.#pending);
    done();
  }

  /** Does what can be done with what is pending; false if more must come first. */
  #step(): boolean {
    if (this.#state === 'preamble') return this.#readPreamble();
    if (this.#state === 'head') return this.#readLine();
    if (this.#state === 'content') return this.#readContent();
    if (this.#state === 'unchanged') this.#pass(this.#pending.length);
    this.#pending = Buffer.alloc(0);
    return false;
  }

  #readPreamble(): boolean {
    const at = this.#pending.indexOf(this.#delimiter);
    const end = at + this.#delimiter.length;
    const isAtLineStart = at === 0 || this.#pending[at - 1] === LF;
    if (
      at < 0 ? this.#pending.length <= MAX_PREAMBLE + this.#delimiter.length : end >= this.#pending.length
    ) {
      return false;
    }
    if (at >= 0 && isAtLineStart && this.#pending[end] === LF) {
      this.push(Buffer.concat([this.#delimiter, CRLF]));
      this.#pending = this.#pending.subarray(end + 1);
      this.#state = 'head';
    } else this.#state = 'unchanged';
    return true;
  }

  #readLine(): boolean {
    const end = this.#pending.indexOf(LF);
    if (end < 0) {
      if (this.#pending.length <= MAX_LINE) return false;
      this.#isWithinLine = true;
      this.#pass(this.#pending.length);
      return false;
    }
    const length = end > 0 && this.#pending[end - 1] === CR ? end - 1 : end;
    if (length === 0 && !this.#isWithinLine) this.#state = 'content';
    this.#isWithinLine = false;
    this.push(Buffer.concat([this.#pending.subarray(0, length), CRLF]));
    this.#pending = this.#pending.subarray(end + 1);
    return true;
  }

  #readContent(): boolean {
    const at = this.#pending.indexOf(this.#inner);
    if (at < 0) {
      this.#pass(Math.max(0, this.#pending.length - this.#inner.length + 1));
      return false;
    }
    const end = at + this.#inner.length;
    // Whether it is a delimiter, or a text that begins like one, is told by two more bytes.
    if (this.#pending.length < end + 2) return false;
    const next = this.#pending.toString('latin1', end, end + 2);
    if (next === '--') {
      this.#pass(at);
      this.push(Buffer.concat([CRLF, this.#delimiter, Buffer.from('--'), CRLF]));
      this.#state = 'epilogue';
    } else if (next.startsWith('\n') || next === '\r\n') {
      this.#pass(at);
      this.push(Buffer.concat([CRLF, this.#delimiter, CRLF]));
      this.#pending = this.#pending.subarray(this.#inner.length + (next.startsWith('\n') ? 1 : 2));
      this.#state = 'head';
    } else this.#pass(end);
    return true;
  }

  #pass(length: number): void {
    if (length > 0) this.push(this.#pending.subarray(0, length));
    this.#pending = this.#pending.subarray(length);
  }
}
