import { createHash } from 'node:crypto';
import { sdist, sdistFilename, wheel, wheelFilename, type WheelOptions } from './archives.ts';

/** Who asks; the password of `root` is empty at first. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly text: string;
}

/** What the JSON form of a simple page says of a file. */
export interface PageFile {
  readonly filename: string;
  readonly url: string;
  readonly hashes: Readonly<Record<string, string>>;
}

/** Makes a user with one index, by default one that inherits from nothing, so that nobody asks the internet. */
export async function createIndex(
  server: { readonly url: string },
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Account & { readonly index: string; readonly url: string; readonly simple: string }> {
  const [user = '', index = ''] = name.split('/');
  const account = { user, password: `secret of ${user}` };
  const created = await request(server, 'PUT', `/${user}`, undefined, { password: account.password });
  if (created.status !== 409) expectStatus(created, 201);
  expectStatus(await request(server, 'PUT', `/${user}/${index}`, account, { bases: [], ...options }), 200);
  const url = `${server.url}/${user}/${index}`;
  return { ...account, index: name, url, simple: `${url}/+simple/` };
}

/** Sends JSON and answers with whatever comes back. */
export async function request(
  server: { readonly url: string },
  method: string,
  path: string,
  account?: Account,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method,
    headers: { accept: 'application/json', ...authorization(account) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, reason: response.statusText, text: await response.text() };
}

export interface Upload {
  readonly filename: string;
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly version: string;
}

/** A wheel that needs nothing and nobody, ready to upload. */
export function wheelUpload(options: WheelOptions = {}): Upload {
  const { name = 'demo', version = '1.0' } = options;
  return { filename: wheelFilename(options), bytes: wheel(options), name, version };
}

export function sdistUpload(options: WheelOptions = {}): Upload {
  const { name = 'demo', version = '1.0' } = options;
  return { filename: sdistFilename(options), bytes: sdist(options), name, version };
}

/** Sends the form that every uploader sends, without a client in between. */
export async function upload(
  index: { readonly url: string } & Account,
  { filename, bytes, name, version }: Upload,
): Promise<Answer> {
  const form = new FormData();
  const fields = { ':action': 'file_upload', protocol_version: '1', metadata_version: '2.1', name, version };
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set('content', new Blob([bytes as Uint8Array<ArrayBuffer>]), filename);
  const response = await fetch(`${index.url}/`, {
    method: 'POST',
    headers: authorization(index),
    body: form,
  });
  return { status: response.status, reason: response.statusText, text: await response.text() };
}

/** Uploads all of them, one after the other; throws unless each is answered with 200. */
export async function uploadAll(
  index: { readonly url: string } & Account,
  uploads: readonly Upload[],
): Promise<void> {
  for (const each of uploads) expectStatus(await upload(index, each), 200);
}

/** The files that an installer is offered, by the JSON page. */
export async function listPage(index: { readonly simple: string }, project: string): Promise<PageFile[]> {
  const response = await fetch(`${index.simple}${project}/`, {
    headers: { accept: 'application/vnd.pypi.simple.v1+json' },
  });
  if (response.status === 404) return [];
  const { files } = (await response.json()) as { files: PageFile[] };
  return files.map((file) => ({ ...file, url: new URL(file.url, response.url).href }));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function authorization(account: Account | undefined): Record<string, string> {
  if (account === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${account.user}:${account.password}`).toString('base64')}` };
}

function expectStatus(answer: Answer, status: number): void {
  if (answer.status !== status)
    throw new Error(`${answer.status} ${answer.reason} instead of ${status}\n${answer.text}`);
}
