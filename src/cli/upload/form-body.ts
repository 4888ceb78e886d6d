import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import type { CheckedFile } from './check-files.ts';

/** The body of a request, which can be sent once. */
export interface FormBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * The upload form of a file, which is read from the disk while it is sent. `onSent` hears how many bytes of the file have been
 * taken. Only what was checked is sent: a file that has become longer is cut there, and the digest tells.
 */
export function formBody(file: CheckedFile, onSent: (bytes: number) => void): FormBody {
  const boundary = `wheelhouse-${randomUUID()}`;
  const fields = {
    ':action': file.documentation === undefined ? 'file_upload' : 'doc_upload',
    protocol_version: '1',
    name: file.name,
    ...(file.version !== undefined && { version: file.version }),
    sha256_digest: file.sha256,
  };
  const head = Object.entries(fields)
    .map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    .join('');
  // The name of an archive is ASCII without quotes.
  const before = Buffer.from(
    `${head}--${boundary}\r\nContent-Disposition: form-data; name="content"; filename="${file.filename}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield before;
    let sent = 0;
    let problem: AppError | undefined;
    // An archive is never empty.
    const bytes = createReadStream(file.path, { end: file.size - 1, highWaterMark: CHUNK_BYTES });
    bytes.on('error', (cause) => (problem = unusable(file, `cannot be read: ${cause.message}`, cause)));
    try {
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        yield chunk;
        sent += chunk.byteLength;
        onSent(sent);
      }
    } catch (error) {
      throw problem ?? error;
    }
    if (sent < file.size) throw unusable(file, 'has become shorter while it was sent');
    yield after;
  }
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(before.byteLength + file.size + after.byteLength),
    },
    stream: stream(),
  };
}

function unusable({ path }: CheckedFile, what: string, cause?: unknown): AppError {
  return new AppError(cliErrors.badInputFile, `${path} ${what}`, { cause });
}
