import { z } from 'zod';
import {
  UserConfig,
  type PermissionName as AccountsPermission,
  type SubjectName as AccountsSubjectName,
} from '#accounts/contract';
import { AnyObject, envelope, Message, type Operation } from '#kernel/http/operation.ts';
import type { PermissionName } from './policy.ts';
import type { SubjectName } from './subjects.ts';

/** The devpi-server whose interface we speak: clients switch features by it (reference devpi.md 11). */
export const DEVPI_VERSION = '6.19.1';

export const IndexConfig = z.looseObject({
  type: z.enum(['stage', 'mirror']),
  volatile: z.boolean(),
  projects: z.array(z.string()).optional(),
});

export const Yank = z.object({
  reason: z.string().max(1000).default('').meta({ description: 'Shown by installers; may be empty.' }),
  filenames: z
    .array(z.string().max(255))
    .min(1)
    .optional()
    .meta({ description: 'Only these files; without it the whole release.' }),
});

export const Unyank = Yank.pick({ filenames: true });

export const Yanked = z.object({ filenames: z.array(z.string()) });

export const EventList = z.object({
  serial: z.number().meta({ description: 'The serial of the newest event.' }),
  scanned: z.number().meta({
    description:
      'The last serial that was looked at, also where nothing is shown for it: the next `since`, or the next `before` where the newest come first. A request that filters looks at 20,000 at most.',
  }),
  events: z.array(
    z.object({
      serial: z.number(),
      type: z.string(),
      actor: z.string().nullable(),
      at: z.string().meta({ description: 'ISO 8601, UTC.' }),
      data: AnyObject,
    }),
  ),
});

export const SearchResults = z.object({
  query: z.string().meta({ description: 'What was searched for.' }),
  total: z.number().meta({ description: 'How many were found, on all pages.' }),
  isComplete: z.boolean().meta({
    description: 'False if there are more than are looked at: 1,000 of a kind. Ask for less then.',
  }),
  page: z.number().meta({ description: 'Counted from 1.' }),
  pages: z.number(),
  results: z.array(
    z.object({
      index: z.string().meta({ description: '`user/index`.' }),
      type: z.enum(['stage', 'mirror']),
      project: z.string().meta({ description: 'Normalized.' }),
      version: z.string().nullable().meta({
        description: 'The newest, final ones first; null on a mirror, and where all are yanked.',
      }),
      summary: z.string().meta({ description: 'One line; empty on a mirror.' }),
      match: z.enum(['exact', 'prefix', 'word', 'substring', 'summary']),
    }),
  ),
});
export type SearchResults = z.output<typeof SearchResults>;

export const Explanations = z.object({
  index: z.string(),
  project: z.string(),
  file: z.string().optional(),
  isVisible: z.boolean(),
  indexes: z.array(
    z.object({
      index: z.string(),
      type: z.enum(['stage', 'mirror']),
      isVisible: z.boolean(),
      rule: z.string().meta({ description: 'The rule that decided, as a sentence.' }),
      files: z.number(),
      file: z.enum(['served', 'shadowed', 'absent']).optional(),
    }),
  ),
});

const SIMPLE = ['application/vnd.pypi.simple.v1+json', 'application/vnd.pypi.simple.v1+html', 'text/html'];

/** Every operation of the part, in the order of docs/reference/http.md. */
export const operations = {
  listUsers: {
    method: 'GET',
    path: '/',
    permission: 'accounts.list-users',
    subject: 'server',
    summary: 'All users with their indexes.',
    response: envelope('list:userconfig', z.record(z.string(), UserConfig)),
  },
  readApi: {
    method: 'GET',
    path: '/+api',
    permission: 'server.read-interface',
    subject: 'server',
    summary: 'Where to log in, who the credentials say you are, and what the server can do.',
    response: envelope('apiconfig', AnyObject),
  },
  readUserApi: {
    method: 'GET',
    path: '/:user/+api',
    permission: 'server.read-interface',
    subject: 'server',
    summary: 'The same, asked below a user.',
    response: envelope('apiconfig', AnyObject),
  },
  readIndexApi: {
    method: 'GET',
    path: '/:user/:index/+api',
    permission: 'packages.find-index',
    subject: 'index',
    summary: 'The same with the addresses of an index.',
    response: envelope('apiconfig', AnyObject),
  },
  readStatus: {
    method: 'GET',
    path: '/+status',
    permission: 'server.read-status',
    subject: 'server',
    summary: 'Version, uuid, serial and counters of this server process.',
    response: envelope('status', AnyObject),
  },
  checkAuth: {
    method: 'GET',
    path: '/+authcheck',
    permission: 'server.read-interface',
    subject: 'server',
    summary: 'For nginx `auth_request`: may the request named by X-Original-URI go on?',
    produces: ['text/plain'],
  },
  search: {
    method: 'GET',
    path: '/+search',
    permission: 'server.search',
    subject: 'server',
    summary:
      'Projects whose name or summary has all words of `q`, on everything that the sender may read or as `index` shows it; `page`, and `limit` a page (default 20, at most 100). Mirrors are not asked anything for it.',
    response: SearchResults,
  },
  listEvents: {
    method: 'GET',
    path: '/+events',
    permission: 'server.read-events',
    subject: 'server',
    summary:
      'The event log after serial `since`, at most `limit` (default 100, at most 1000), as far as the sender may read what the events are about; root reads all. Filters: `user`, `type` or a part of one, `index`, `project`, `since` and `until` (a serial, a date, or how long ago as `7d`); `order=newest`, or `before`, for the newest first.',
    response: EventList,
  },
  readUser: {
    method: 'GET',
    path: '/:user',
    permission: 'accounts.read-user',
    subject: 'user',
    summary: 'A user with the indexes.',
    response: envelope('userconfig', UserConfig),
  },
  readIndex: {
    method: 'GET',
    path: '/:user/:index',
    permission: 'packages.read',
    subject: 'index',
    summary: 'Options and projects of an index; `?no_projects` leaves the projects out.',
    response: envelope('indexconfig', IndexConfig),
  },
  createIndex: {
    method: 'PUT',
    path: '/:user/:index',
    permission: 'packages.create-index',
    subject: 'new-index',
    summary: 'Create an index.',
    request: AnyObject,
    response: envelope('indexconfig', IndexConfig),
  },
  modifyIndex: {
    method: 'PATCH',
    path: '/:user/:index',
    permission: 'packages.modify-index',
    subject: 'named-index',
    summary: 'Change options: an object, or a list of `key=value`, `key+=value`, `key-=value`, `key-=`.',
    request: z.union([AnyObject, z.array(z.string())]),
    response: envelope('indexconfig', IndexConfig),
  },
  deleteIndex: {
    method: 'DELETE',
    path: '/:user/:index',
    permission: 'packages.delete-index',
    subject: 'named-index',
    summary: 'Delete a volatile index; answers 201.',
    response: Message,
  },
  upload: {
    method: 'POST',
    path: '/:user/:index',
    permission: 'packages.upload',
    subject: 'index',
    summary: 'The legacy upload form (multipart/form-data) of twine, uv, poetry and devpi.',
    produces: ['text/plain'],
  },
  push: {
    method: 'PUSH',
    path: '/:user/:index',
    permission: 'packages.read',
    subject: 'index',
    summary: 'Push a release to another index; not available in this version.',
  },
  listSimple: {
    method: 'GET',
    path: '/:user/:index/+simple',
    permission: 'packages.read',
    subject: 'index',
    summary: 'The simple API: all projects of an index and its bases (PEP 503, 691).',
    produces: SIMPLE,
  },
  readSimple: {
    method: 'GET',
    path: '/:user/:index/+simple/:project',
    permission: 'packages.read',
    subject: 'index',
    summary: 'The simple API: the files of a project (PEP 503, 592, 629, 658, 691, 700).',
    produces: SIMPLE,
  },
  readFile: {
    method: 'GET',
    path: '/:user/:index/+f/*',
    permission: 'packages.read',
    subject: 'index-of-file',
    summary: 'A file, or its metadata when `.metadata` follows the name (PEP 658).',
    produces: ['application/octet-stream'],
  },
  readUnhashedFile: {
    method: 'GET',
    path: '/:user/:index/+e/*',
    permission: 'packages.read',
    subject: 'index-of-file',
    summary: 'A file of a mirror whose upstream gives no hashes.',
    produces: ['application/octet-stream'],
  },
  addTestResult: {
    method: 'POST',
    path: '/:user/:index/+f/*',
    permission: 'packages.read',
    subject: 'index-of-file',
    summary: 'The result of testing a file with tox; not available in this version.',
  },
  refreshProject: {
    method: 'POST',
    path: '/:user/:index/+simple/:project/refresh',
    permission: 'packages.read',
    subject: 'index',
    summary: 'Ask the upstream indexes anew about a project; redirects to its page.',
    produces: ['text/plain'],
  },
  explainProject: {
    method: 'GET',
    path: '/:user/:index/+why/:project',
    permission: 'packages.read',
    subject: 'index',
    summary:
      'Why a project, or with `?file=NAME` one file of it, is seen on an index or not: index by index, with the rule.',
    response: Explanations,
  },
  removeFile: {
    method: 'DELETE',
    path: '/:user/:index/+f/*',
    permission: 'packages.remove',
    subject: 'index',
    summary: 'Remove one file; `?force` on an index that is not volatile.',
    response: Message,
  },
  readProject: {
    method: 'GET',
    path: '/:user/:index/:project',
    permission: 'packages.read',
    subject: 'index',
    summary: 'All versions of a project with metadata and links; `?ignore_bases` for this index only.',
    response: envelope('projectconfig', z.record(z.string(), AnyObject)),
  },
  removeProject: {
    method: 'DELETE',
    path: '/:user/:index/:project',
    permission: 'packages.remove',
    subject: 'index',
    summary: 'Remove a project with all releases; `?force` on an index that is not volatile.',
    response: Message,
  },
  readRelease: {
    method: 'GET',
    path: '/:user/:index/:project/:version',
    permission: 'packages.read',
    subject: 'index',
    summary: 'One version of a project.',
    response: envelope('versiondata', AnyObject),
  },
  removeRelease: {
    method: 'DELETE',
    path: '/:user/:index/:project/:version',
    permission: 'packages.remove',
    subject: 'index',
    summary: 'Remove one release; `?force` on an index that is not volatile.',
    response: Message,
  },
  yank: {
    method: 'PUT',
    path: '/:user/:index/:project/:version/+yank',
    permission: 'packages.yank',
    subject: 'index',
    summary: 'Yank a release or some of its files (PEP 592).',
    request: Yank,
    response: Yanked,
  },
  unyank: {
    method: 'DELETE',
    path: '/:user/:index/:project/:version/+yank',
    permission: 'packages.yank',
    subject: 'index',
    summary: 'Take a yank back.',
    request: Unyank,
    response: Yanked,
  },
} as const satisfies Record<
  string,
  Operation<PermissionName, SubjectName> | Operation<AccountsPermission, AccountsSubjectName>
>;

/** Of the form of a bundle; readers refuse others. */
export const BUNDLE_VERSION = 1;

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be a sha256 in lower-case hex' });
const Size = z.number().int().min(0);
const ProjectName = z
  .string()
  .max(200)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, { error: 'must be a normalized project name' });

/** `manifest.json`, the first entry of a bundle: every other entry with its hash. */
export const BundleManifest = z.strictObject({
  format: z.literal('wheelhouse-bundle', { error: 'must be "wheelhouse-bundle"' }),
  version: z.literal(BUNDLE_VERSION, { error: `must be ${BUNDLE_VERSION}` }),
  created: z.iso.datetime(),
  index: z.string().max(500).meta({ description: 'The index that the files came from, `user/name`.' }),
  pages: z
    .array(z.strictObject({ project: ProjectName, sha256: Sha256, size: Size }))
    .meta({ description: 'JSON pages of the simple API, as served; entries `pages/PROJECT.json`.' }),
  files: z
    .array(
      z.strictObject({
        project: ProjectName,
        filename: z.string().max(255),
        relpath: z.string().max(400).meta({ description: 'Below the index, not percent-encoded.' }),
        sha256: Sha256,
        size: Size,
        sidecar: z.strictObject({ sha256: Sha256, size: Size }).optional(),
      }),
    )
    .meta({ description: 'Entries `files/RELPATH`, and `files/RELPATH.metadata` where there is a sidecar.' }),
});
export type BundleManifest = z.output<typeof BundleManifest>;

export { fileRelpath } from './model/file-path.ts';
export { METADATA_SUFFIX } from './model/metadata-file.ts';
