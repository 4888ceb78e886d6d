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
export const DEVPI_VERSION = '6.20.3';

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

export const NewWebhook = z.strictObject({
  url: z.string().trim().max(2000).meta({ description: 'Where to POST to; http or https.' }),
  events: z
    .array(z.string().max(100))
    .max(50)
    .default([])
    .meta({ description: 'Types of events, or `packages.*`; all without it.' }),
});

export const Webhook = z.object({
  id: z.string(),
  kind: z.enum(['webhook', 'jenkins']),
  url: z.string().meta({ description: 'Without a password in it.' }),
  events: z.array(z.string()),
  created: z.string(),
  created_by: z.string().optional(),
  health: z.enum(['working', 'failing', 'disabled']),
  failing_since: z.string().optional(),
  disabled: z
    .string()
    .optional()
    .meta({ description: 'Why it is told of nothing; a test that succeeds enables it.' }),
});

export const CreatedWebhook = Webhook.extend({
  secret: z.string().meta({ description: 'What deliveries are signed with; shown this once.' }),
});

export const WebhookDelivery = z.object({
  id: z.string().meta({ description: 'The `webhook-id` of its requests, the same at each attempt.' }),
  type: z.string(),
  serial: z.number().optional().meta({ description: 'Of the event; not of a test.' }),
  state: z.enum(['waiting', 'delivered', 'failed']),
  attempts: z.number(),
  status: z.number().optional().meta({ description: 'What the last attempt was answered with.' }),
  error: z.string().optional(),
  ms: z.number().optional(),
  created: z.string(),
  next: z.string().optional(),
  ended: z.string().optional(),
});

export const WebhookWithDeliveries = Webhook.extend({
  deliveries: z.array(WebhookDelivery).meta({ description: 'The newest 50.' }),
});

export const Retention = z.strictObject({
  keep: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .meta({ description: 'So many of the newest of each project stay.' }),
  days: z.number().int().nonnegative().optional().meta({
    description: 'Those stay whose last file is not older; with `keep`, only what is beyond both goes.',
  }),
  finals: z.boolean().default(false).meta({ description: 'Whether final releases may go, too.' }),
  apply: z.boolean().default(false).meta({ description: 'Remove them; without it they are only listed.' }),
  force: z.boolean().default(false).meta({ description: 'Also on an index that is not volatile.' }),
});

export const Retained = z.object({
  isApplied: z.boolean(),
  releases: z.array(
    z.object({
      project: z.string(),
      version: z.string(),
      files: z.number(),
      bytes: z.number(),
      uploadedAt: z.string().meta({ description: 'When the last file came, ISO 8601, UTC.' }),
    }),
  ),
});

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
      match: z
        .enum(['exact', 'prefix', 'word', 'substring', 'summary', 'keywords', 'description', 'documentation'])
        .meta({ description: 'The best place where all words are: the name in four ways, or another text.' }),
      texts: z
        .array(
          z.object({
            where: z.enum(['keywords', 'description', 'documentation']),
            title: z.string().meta({ description: 'Of a page of documentation.' }),
            path: z.string().meta({ description: 'Of a page of documentation, below the server.' }),
            excerpt: z.string().meta({ description: 'The text around the first word.' }),
          }),
        )
        .meta({ description: 'Longer texts of stages that have all words, at most 5.' }),
      moreTexts: z.number().meta({ description: 'How many more there are.' }),
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
      'Projects whose name, summary, keywords, description or documentation has all words of `q`, on everything that the sender may read or as `index` shows it; `page`, and `limit` a page (default 20, at most 100). Mirrors are not asked anything for it.',
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
  listServerWebhooks: {
    method: 'GET',
    path: '/+webhooks',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'Webhooks that are told of the events of the whole server; root only.',
    response: envelope('list:webhook', z.array(Webhook)),
  },
  addServerWebhook: {
    method: 'POST',
    path: '/+webhooks',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'Add a webhook of the whole server; answers 201 with its secret, which is never shown again.',
    request: NewWebhook,
    response: envelope('webhook', CreatedWebhook),
  },
  readServerWebhook: {
    method: 'GET',
    path: '/+webhooks/:id',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'A webhook of the server with its newest deliveries.',
    response: envelope('webhook', WebhookWithDeliveries),
  },
  removeServerWebhook: {
    method: 'DELETE',
    path: '/+webhooks/:id',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'Remove a webhook of the server with its deliveries.',
    response: Message,
  },
  testServerWebhook: {
    method: 'POST',
    path: '/+webhooks/:id/+test',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'Send a webhook of the server something now; answers with what came of it.',
    response: envelope('delivery', WebhookDelivery),
  },
  listWebhooks: {
    method: 'GET',
    path: '/:user/:index/+webhooks',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Webhooks that are told of the events of an index.',
    response: envelope('list:webhook', z.array(Webhook)),
  },
  addWebhook: {
    method: 'POST',
    path: '/:user/:index/+webhooks',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Add a webhook; answers 201 with its secret, which is never shown again.',
    request: NewWebhook,
    response: envelope('webhook', CreatedWebhook),
  },
  readWebhook: {
    method: 'GET',
    path: '/:user/:index/+webhooks/:id',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'A webhook with its newest deliveries.',
    response: envelope('webhook', WebhookWithDeliveries),
  },
  removeWebhook: {
    method: 'DELETE',
    path: '/:user/:index/+webhooks/:id',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Remove a webhook with its deliveries.',
    response: Message,
  },
  testWebhook: {
    method: 'POST',
    path: '/:user/:index/+webhooks/:id/+test',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Send a webhook something now; answers with what came of it.',
    response: envelope('delivery', WebhookDelivery),
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
    summary:
      'Push a release to another index (`targetindex`) or another server (`posturl`), also as a POST of JSON: `name`, `version`, `no_docs`, `only_docs`.',
    request: AnyObject,
    response: envelope('actionlog', z.array(z.array(z.union([z.number(), z.string()])))),
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
    permission: 'packages.add-test-result',
    subject: 'index-of-file',
    summary:
      'What `tox --result-json` told of a file, posted to its address: kept as it came, beside those of before.',
    request: AnyObject,
    response: envelope('toxresultpath', z.string()),
    readsBody: true,
  },
  refreshProject: {
    method: 'POST',
    path: '/:user/:index/+simple/:project/refresh',
    permission: 'packages.read',
    subject: 'index',
    summary: 'Ask the upstream indexes anew about a project; redirects to its page.',
    isLocal: true,
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
  readDocumentation: {
    method: 'GET',
    path: '/:user/:index/:project/:version/+doc/*',
    permission: 'packages.read',
    subject: 'index',
    summary:
      'A file of the documentation of a release; `latest` is the newest version with documentation, `stable` the newest final one. Directories redirect to their index.html.',
    produces: ['text/html', 'application/octet-stream'],
  },
  readDocumentationStart: {
    method: 'GET',
    path: '/:user/:index/:project/:version/+doc',
    permission: 'packages.read',
    subject: 'index',
    summary: 'Redirects to index.html of the documentation.',
    produces: ['text/plain'],
  },
  readProjectJson: {
    method: 'GET',
    path: '/:user/:index/:project/json',
    permission: 'packages.read',
    subject: 'index',
    summary:
      "PyPI's JSON API: a project with all its releases, and the metadata of the one that installers take.",
    response: AnyObject,
  },
  readReleaseJson: {
    method: 'GET',
    path: '/:user/:index/:project/:version/json',
    permission: 'packages.read',
    subject: 'index',
    summary: "PyPI's JSON API: one release.",
    response: AnyObject,
  },
  readSimpleJson: {
    method: 'GET',
    path: '/:user/:index/+simple/:project/json',
    permission: 'packages.read',
    subject: 'index',
    summary: 'The same as the JSON of a project, where Dependabot asks for it.',
    response: AnyObject,
  },
  readPypiJson: {
    method: 'GET',
    path: '/:user/:index/pypi/:project/json',
    permission: 'packages.read',
    subject: 'index',
    summary: 'The same, where bandersnatch asks for it.',
    response: AnyObject,
  },
  readPypiReleaseJson: {
    method: 'GET',
    path: '/:user/:index/pypi/:project/:version/json',
    permission: 'packages.read',
    subject: 'index',
    summary: 'The same of one release.',
    response: AnyObject,
  },
  retain: {
    method: 'POST',
    path: '/:user/:index/+retention',
    permission: 'packages.remove',
    subject: 'index',
    summary: 'List old development releases of a stage, and remove them with `apply`.',
    request: Retention,
    response: Retained,
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
