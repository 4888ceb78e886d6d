export interface FormPart {
  readonly name: string;
  readonly value: string | Buffer;
  readonly filename?: string;
}

export interface MultipartForm {
  readonly contentType: string;
  readonly body: Buffer;
}

const BOUNDARY = 'wheelhouse-test-boundary';

/** A multipart/form-data body; a field with a list of values occurs several times, one with undefined not at all. */
export function multipart(
  fields: Readonly<Record<string, string | readonly string[] | undefined>>,
  files: readonly FormPart[] = [],
): MultipartForm {
  const texts = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((single) => ({ name, value: single })),
  );
  return {
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    body: Buffer.concat([...[...texts, ...files].map(partBytes), Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}

function partBytes({ name, value, filename }: FormPart): Buffer {
  const file =
    filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: application/octet-stream`;
  return Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
}
