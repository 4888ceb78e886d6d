import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { tar } from './tar-writer.ts';
import { zip } from './zip-writer.ts';

export { tar, TAR_END, type TarMember } from './tar-writer.ts';
export { zip, type ZipEnd, type ZipMember } from './zip-writer.ts';

export type Files = Readonly<Record<string, string | Buffer>>;

export interface ReleaseOptions {
  /** `demo` by default. */
  readonly name?: string;
  /** `1.0` by default. */
  readonly version?: string;
  /** More headers, such as `{ 'Requires-Python': '>=3.9', 'Requires-Dist': ['a', 'b'] }`; or the whole text. */
  readonly metadata?: Readonly<Record<string, string | readonly string[]>> | string;
  /** The body of the metadata. */
  readonly description?: string;
  /** More files: of a wheel from its root, of an sdist from its top directory. `undefined` leaves out a standard one. */
  readonly files?: Readonly<Record<string, string | Buffer | undefined>>;
}

export interface WheelOptions extends ReleaseOptions {
  /** `py3-none-any` by default. */
  readonly tag?: string;
  readonly build?: string;
  /** The text of RECORD instead of the right one. */
  readonly record?: string;
}

export interface SdistOptions extends ReleaseOptions {
  /** `tar.gz` by default. */
  readonly format?: 'tar.gz' | 'tgz' | 'zip';
  /** The top directory instead of the right one. */
  readonly top?: string;
}

/** The bytes of a valid wheel with one module; the same options give the same bytes. */
export function wheel(options: WheelOptions = {}): Buffer {
  const files = wheelFiles(options);
  return zip(Object.entries(files).map(([name, data]) => ({ name, data })));
}

/** The members of that wheel, RECORD included and last: for tests that pack them in their own way. */
export function wheelFiles(options: WheelOptions = {}): Files {
  const { tag = 'py3-none-any', build } = options;
  const distInfo = `${escapedName(options)}-${versionOf(options)}.dist-info`;
  const files = present({
    [`${escapedName(options)}/__init__.py`]: 'answer = 42\n',
    [`${distInfo}/METADATA`]: metadataText(options),
    [`${distInfo}/WHEEL`]: [
      'Wheel-Version: 1.0',
      'Generator: wheelhouse-tests',
      'Root-Is-Purelib: true',
      ...expandTag(tag).map((single) => `Tag: ${single}`),
      ...(build === undefined ? [] : [`Build: ${build}`]),
      '',
    ].join('\n'),
    ...options.files,
  });
  const record = `${distInfo}/RECORD`;
  return present({
    ...files,
    [record]: options.record ?? recordText(files, record),
    ...onlyKey(options.files, record),
  });
}

/** `demo-1.0-py3-none-any.whl` */
export function wheelFilename(options: WheelOptions = {}): string {
  const { tag = 'py3-none-any', build } = options;
  return `${[escapedName(options), versionOf(options), ...(build === undefined ? [] : [build]), tag].join('-')}.whl`;
}

/** The bytes of a valid sdist with a setup.py and one module; the same options give the same bytes. */
export function sdist(options: SdistOptions = {}): Buffer {
  const top = options.top ?? `${escapedName(options)}-${versionOf(options)}`;
  const files = present({
    'PKG-INFO': metadataText(options),
    'setup.py': 'from setuptools import setup\n\nsetup()\n',
    [`${escapedName(options)}.py`]: 'answer = 42\n',
    ...options.files,
  });
  const members = Object.entries(files).map(([name, data]) => ({ name: `${top}/${name}`, data }));
  return options.format === 'zip' ? zip(members) : gzipSync(tar(members));
}

/** `demo-1.0.tar.gz` */
export function sdistFilename(options: SdistOptions = {}): string {
  return `${escapedName(options)}-${versionOf(options)}.${options.format ?? 'tar.gz'}`;
}

/** The text of METADATA and PKG-INFO. */
export function metadataText({
  name = 'demo',
  version = '1.0',
  metadata = {},
  description,
}: ReleaseOptions = {}): string {
  if (typeof metadata === 'string') return metadata;
  const headers = { 'Metadata-Version': '2.1', Name: name, Version: version, ...metadata };
  const lines = Object.entries(headers).flatMap(([header, value]) =>
    (typeof value === 'string' ? [value] : value).map((single) => `${header}: ${single}\n`),
  );
  return lines.join('') + (description === undefined ? '' : `\n${description}`);
}

/** The text of a RECORD for these files, with a line for itself. */
function recordText(files: Files, record: string): string {
  const lines = Object.entries(files).map(([name, data]) => {
    const digest = createHash('sha256').update(data).digest('base64url');
    return `${csvField(name)},sha256=${digest},${Buffer.byteLength(data)}`;
  });
  return [...lines, `${csvField(record)},,`, ''].join('\n');
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// PEP 625 and the wheel specification: the normalized name with underscores.
function escapedName({ name = 'demo' }: ReleaseOptions): string {
  return name.replace(/[-_.]+/g, '_').toLowerCase();
}

function versionOf({ version = '1.0' }: ReleaseOptions): string {
  return version.replaceAll('-', '_');
}

function expandTag(tag: string): string[] {
  const [python = '', abi = '', platform = ''] = tag.split('-').map((part) => part.split('.'));
  return [...python].flatMap((first) =>
    [...abi].flatMap((second) => [...platform].map((third) => `${first}-${second}-${third}`)),
  );
}

function present(files: Readonly<Record<string, string | Buffer | undefined>>): Files {
  return Object.fromEntries(
    Object.entries(files).filter((file): file is [string, string | Buffer] => file[1] !== undefined),
  );
}

function onlyKey(
  files: ReleaseOptions['files'],
  key: string,
): Readonly<Record<string, string | Buffer | undefined>> {
  return files && key in files ? { [key]: files[key] } : {};
}
