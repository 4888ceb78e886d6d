import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Digests, Files, IncomingFile } from '#kernel/files/files.ts';
import type { BodyGuard } from '#kernel/http/body-guard.ts';
import { packagesErrors } from '../errors.ts';
import { invalidForm } from './invalid-form.ts';
import { LineFeedForm } from './line-feed-form.ts';

/** An uploaded file that was received and is not kept yet. */
export interface FormFile {
  readonly filename: string;
  readonly digests: Digests;
  /** Bytes. */
  readonly size: number;
  readonly incoming: IncomingFile;
}

/** A multipart form: a field may occur several times, and at most one file named `content` is kept. */
export interface Form {
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly content: FormFile | undefined;
  /** Call it when the request is over, however it ended: what was not kept goes. */
  release(): Promise<void>;
}

const MAX_FIELDS = 5000;
const MAX_FILES = 3;

export interface FormLimits {
  readonly maxFileBytes: number;
  /** Of all fields together, names included: they are held in memory. */
  readonly maxFormBytes: number;
  readonly guard: BodyGuard;
}

/**
 * Reads a multipart body as it arrives: fields into memory, the file to disk while its digests are computed, at
 * the pace of the disk. Throws 400 for a malformed or truncated body, 413 for a file or fields over the limit, 408 and
 * 503 as the guard decides; then nothing is left behind.
 */
export async function receiveForm(request: IncomingMessage, files: Files, limits: FormLimits): Promise<Form> {
  const fields = new Map<string, string[]>();
  const received: Promise<FormFile | undefined>[] = [];
  const streams: Readable[] = [];
  let fieldsLength = 0;
  let isFileArriving = false;
  let held = 0;
  const parser = openParser(request, limits);
  const lines = new LineFeedForm(boundaryOf(request));
  const { guard } = limits;
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const fail = (error: Error) => {
    request.unpipe(lines);
    request.removeAllListeners('data');
    request.resume();
    lines.destroy();
    parser.destroy();
    // The parser forgets its file streams; who reads one would wait for ever.
    for (const stream of streams) stream.destroy(error);
    reject(error);
  };

  const hold = (bytes: number) => {
    held = bytes;
    try {
      guard.hold(bytes);
    } catch (error) {
      fail(error as Error);
    }
  };

  parser.on('field', (name: string | undefined, value, isNameCut, isValueCut) => {
    if (name === undefined) {
      fail(invalidForm('a field of the form has no name'));
      return;
    }
    fieldsLength += name.length + value.length;
    if (isNameCut) fail(invalidForm(`the name of field ${name.slice(0, 100)} is too long`));
    else if (isValueCut || fieldsLength > limits.maxFormBytes) {
      fields.clear();
      fail(formTooLarge(limits));
    } else fields.set(name, [...(fields.get(name) ?? []), value]);
  });
  parser.on('file', (name, stream, filename) => {
    streams.push(stream);
    isFileArriving = true;
    hold(fieldsLength);
    stream.once('end', () => (isFileArriving = false));
    const receiving =
      name === 'content' ? receiveFile(files, { stream, filename: filename ?? '' }, limits) : skip(stream);
    receiving.catch(fail);
    received.push(receiving);
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
    parser.on(limit, () => fail(invalidForm('the form has too many parts')));
  }
  parser.on('error', (error: unknown) => fail(invalidForm(describe(error))));
  parser.on('finish', resolve);
  request.on('aborted', () => fail(invalidForm('the connection ended before the form did')));
  request.on('error', () => fail(invalidForm('the connection ended before the form did')));
  // Before the parser has it. What belongs to a file goes to the disk.
  request.on('data', (chunk: Buffer) => {
    if (!isFileArriving) hold(held + chunk.length);
  });
  using _watch = guard.watch(fail);
  request.pipe(lines).pipe(parser);
  // The client may have gone while its password was checked; then no event comes any more.
  if (request.destroyed) fail(invalidForm('the connection ended before the form did'));

  try {
    await finished;
    const contents = (await Promise.all(received)).filter((file) => file !== undefined);
    if (contents.length > 1) throw invalidForm('the form has more than one content file');
    const [content] = contents;
    return { fields, content, release: async () => await content?.incoming.release() };
  } catch (error) {
    for (const result of await Promise.allSettled(received)) {
      if (result.status === 'fulfilled') await result.value?.incoming.release();
    }
    throw error;
  }
}

function openParser(
  request: IncomingMessage,
  { maxFileBytes, maxFormBytes }: FormLimits,
): InstanceType<typeof Busboy> {
  const contentType = request.headers['content-type'] ?? '';
  try {
    return new Busboy({
      headers: { ...request.headers, 'content-type': contentType },
      // A path in a file name is refused later, not cut to something that looks harmless.
      preservePath: true,
      limits: {
        fieldSize: maxFormBytes,
        fields: MAX_FIELDS,
        files: MAX_FILES,
        fileSize: maxFileBytes,
        headerPairs: 100,
      },
    });
  } catch (cause) {
    throw invalidForm(describe(cause), cause);
  }
}

/** Of which the constructor of the parser has seen that it is there. */
function boundaryOf({ headers }: IncomingMessage): string {
  const [, quoted, plain] = /boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(headers['content-type'] ?? '') ?? [];
  return quoted ?? plain ?? '';
}

interface FormPart {
  readonly stream: Readable & { truncated?: boolean };
  readonly filename: string;
}

async function receiveFile(
  files: Files,
  { stream, filename }: FormPart,
  { maxFileBytes }: FormLimits,
): Promise<FormFile> {
  // The parser may end the stream while the file is still being opened; an unheard error would end the process.
  stream.on('error', () => undefined);
  const incoming = await files.receive();
  try {
    for await (const chunk of stream) await incoming.write(chunk as Buffer);
    if (stream.truncated === true) {
      throw new AppError(packagesErrors.fileTooLarge, `the file is larger than ${maxFileBytes} bytes`);
    }
    const { size, ...digests } = await incoming.finish();
    return { filename, digests, size, incoming };
  } catch (error) {
    await incoming.release();
    throw error;
  }
}

async function skip(stream: Readable): Promise<undefined> {
  for await (const _chunk of stream);
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `the multipart form is malformed: ${message}`;
}

function formTooLarge({ maxFormBytes }: FormLimits): AppError {
  return new AppError(
    packagesErrors.formTooLarge,
    `the fields of the form are longer than ${maxFormBytes} bytes together`,
  );
}
