import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { readBody } from '#kernel/http/json-body.ts';
import { isProjectName, normalizeProjectName } from '#python/names/project-name.ts';

const text = z.string({ error: 'must be text' }).min(1, 'must not be empty');
const flag = z.boolean({ error: 'must be true or false' }).default(false);

const Body = z.looseObject({
  name: text.max(200),
  version: text.max(200),
  no_docs: flag,
  only_docs: flag,
  targetindex: text.optional(),
  posturl: text.max(2000).optional(),
  username: z.string().max(500).default(''),
  password: z.string().max(10_000).default(''),
  register_project: flag,
});

/** The release that is pushed, and what of it. */
export interface Pushed {
  /** Normalized. */
  readonly project: string;
  readonly version: string;
  readonly what: 'everything' | 'no documentation' | 'only documentation';
}

/** Where to: an index here, or the address of another server. */
export type Destination =
  | { readonly kind: 'index'; readonly user: string; readonly name: string }
  | {
      readonly kind: 'server';
      readonly url: string;
      readonly username: string;
      readonly password: string;
      readonly isRegistered: boolean;
    };

export interface PushRequest {
  readonly pushed: Pushed;
  readonly destination: Destination;
}

const INTERNAL = ['targetindex'];
const EXTERNAL = ['posturl', 'username', 'password', 'register_project'];
const SHARED = ['name', 'version', 'no_docs', 'only_docs'];

/** What a push asks for; throws 400, in devpi's words where it has some, naming the field (reference devpi.md 1.8). */
export function readPushRequest(request: Parameters<typeof readBody>[0]): PushRequest {
  const body = readBody(request, Body);
  if (body.no_docs && body.only_docs) throw invalid("can't use 'no_docs' and 'only_docs' together");
  const isInternal = body.targetindex !== undefined;
  if (!isInternal && body.posturl === undefined)
    throw invalid('field targetindex: there is neither it nor posturl');
  const known = [...SHARED, ...(isInternal ? INTERNAL : EXTERNAL)];
  const unknown = Object.keys(body).filter((key) => !known.includes(key) && !isDefault(body, key));
  if (unknown.length > 0)
    throw invalid(`unknown additional options: ${unknown.sort().join(', ').slice(0, 200)}`);
  if (!isProjectName(body.name)) throw invalid(`field name: '${body.name}' is not a valid project name`);
  const what = body.no_docs ? 'no documentation' : body.only_docs ? 'only documentation' : 'everything';
  return {
    pushed: { project: normalizeProjectName(body.name), version: body.version, what },
    destination: isInternal ? readTarget(body.targetindex ?? '') : readServer(body),
  };
}

/** What the schema has filled in. */
function isDefault(body: z.output<typeof Body>, key: string): boolean {
  return (
    ['username', 'password', 'register_project'].includes(key) && (body[key] === '' || body[key] === false)
  );
}

function readTarget(target: string): Destination {
  const [user = '', name = '', ...more] = target.split('/');
  if (user === '' || name === '' || more.length > 0) throw invalid('targetindex not in format user/index');
  return { kind: 'index', user, name };
}

function readServer({
  posturl = '',
  username,
  password,
  register_project,
}: z.output<typeof Body>): Destination {
  const url = URL.parse(posturl);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalid('field posturl: must be a URL that begins with http:// or https://');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('field posturl: must hold no credentials; send username and password beside it');
  }
  if (username.includes(':')) throw invalid('field username: must hold no colon, which ends it (RFC 7617)');
  return { kind: 'server', url: url.href, username, password, isRegistered: register_project };
}

function invalid(detail: string): AppError {
  return new AppError(kernelErrors.badRequest, detail);
}
