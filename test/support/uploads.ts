import {
  sdist,
  sdistFilename,
  wheel,
  wheelFilename,
  type SdistOptions,
  type WheelOptions,
} from './archives.ts';
import { zip } from './zip-writer.ts';
import { multipart, type MultipartForm } from './multipart.ts';

/** What a client uploads; `fields` may be changed or left out by giving undefined. */
export interface Upload {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly content: Buffer;
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export function wheelUpload(options: WheelOptions = {}): Upload {
  return {
    name: options.name ?? 'demo',
    version: options.version ?? '1.0',
    filename: wheelFilename(options),
    content: wheel(options),
  };
}

export function sdistUpload(options: SdistOptions = {}): Upload {
  return {
    name: options.name ?? 'demo',
    version: options.version ?? '1.0',
    filename: sdistFilename(options),
    content: sdist(options),
  };
}

/** Documentation with these pages, as `devpi upload --with-docs` sends it. */
export function documentationUpload(
  pages: Readonly<Record<string, string>>,
  { name = 'demo', version = '1.0' }: { readonly name?: string; readonly version?: string } = {},
): Upload {
  const content = zip(Object.entries(pages).map(([path, data]) => ({ name: path, data })));
  return {
    name,
    version,
    filename: `${name}-${version}.doc.zip`,
    content,
    fields: { ':action': 'doc_upload' },
  };
}

/** The form that twine sends, as far as the server reads it. */
export function uploadForm({ name, version, filename, content, fields = {} }: Upload): MultipartForm {
  const given = { ':action': 'file_upload', protocol_version: '1', name, version, ...fields };
  return multipart(given, [{ name: 'content', filename, value: content }]);
}
