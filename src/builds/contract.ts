import { z } from 'zod';
import { Message, type Operation } from '#kernel/http/operation.ts';
import type { PermissionName } from './policy.ts';

/** The version of what builders and server say to each other. */
export const BUILDER_PROTOCOL = 1;

const target = z.string().max(80).meta({ description: 'Such as `cp313` or `cp313-linux_aarch64`.' });
const index = z.string().max(200).meta({ description: '`user/index`.' });
const time = z.string().meta({ description: 'ISO 8601, UTC.' });

export const NewProjects = z.strictObject({
  requirements: z
    .array(z.string().max(500))
    .min(1)
    .max(10_000)
    .meta({ description: 'Projects with the versions that are wanted, as `greenlet>=3`.' }),
  targets: z.array(target).min(1).max(50),
  index: index.default('root/pypi').meta({ description: 'The index that has the sdists.' }),
  everything: z
    .boolean()
    .default(false)
    .meta({ description: 'Build also what upstream has wheels of that fit.' }),
  prereleases: z.boolean().default(false),
});

export const AddedProjects = z.object({
  projects: z.array(z.object({ project: z.string(), isNew: z.boolean(), builds: z.number() })),
  builds: z.number().meta({ description: 'How many builds are to do for these.' }),
});

export const WatchedProject = z.object({
  index,
  project: z.string(),
  specifier: z.string(),
  targets: z.array(z.string()),
  everything: z.boolean(),
  waiting: z.number().meta({ description: 'Builds to do.' }),
  read: time.nullable().meta({ description: 'When its releases were last looked at.' }),
  problem: z.string().nullable().meta({ description: 'Why they could not be.' }),
});

export const SelectedBuilds = z.strictObject({
  version: z.string().min(1).max(200).optional().meta({ description: 'Without it all versions.' }),
  target: target.optional().meta({ description: 'Such as `cp313`; without it all targets.' }),
});

export const BuildState = z.enum(['running', 'succeeded', 'failed', 'lost', 'cancelled']);

export const Build = z.object({
  id: z.number(),
  index,
  project: z.string(),
  version: z.string(),
  target: z.string(),
  state: BuildState,
  builder: z.string(),
  started: time,
  ended: time.nullable(),
  seconds: z.number().nullable(),
  failure: z.string().nullable().meta({ description: 'Its class.' }),
  detail: z.string().nullable().meta({ description: 'What went wrong, in a sentence.' }),
  files: z.array(z.string()),
});

export const BuildRecord = Build.extend({
  sdist: z.object({ filename: z.string(), sha256: z.string().nullable(), path: z.string() }),
  publishedOn: index,
  record: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'What the builder told of itself and of what went in.' }),
});

export const NewBuilder = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
  version: z.string().max(50),
  protocol: z.number(),
  targets: z.array(target).min(1).max(50),
  session: z.string().max(64).meta({ description: 'Made anew by each start of the builder.' }),
});

export const BuilderFacts = z.object({
  name: z.string(),
  version: z.string(),
  targets: z.array(z.string()),
  state: z.enum(['active', 'paused', 'draining']),
  isSilent: z.boolean(),
  seen: time,
  registered: time,
  build: z
    .object({ id: z.number(), project: z.string(), version: z.string(), target: z.string() })
    .nullable(),
});

export const Lease = z.object({
  build: z.number(),
  project: z.string(),
  version: z.string(),
  target: z.string(),
  sdist: z.object({
    filename: z.string(),
    sha256: z.string().nullable(),
    path: z.string().meta({ description: 'Its address on the server.' }),
    uploaded: time.nullable(),
  }),
  index: index.meta({ description: 'Where the requirements of the build come from.' }),
  failures: z.number().meta({ description: 'How often it has failed before.' }),
  leaseSeconds: z.number(),
  limits: z.object({ minutes: z.number() }),
});

export const LeaseAnswer = z.object({
  lease: Lease.nullable(),
  state: z.enum(['active', 'paused', 'draining']),
  reason: z.string().optional().meta({ description: 'Why no build is given out, where some are to do.' }),
});

export const Heartbeat = z.object({ goesOn: z.boolean().meta({ description: 'False: stop the build.' }) });

export const BuildResult = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('succeeded'),
    seconds: z.number().nonnegative(),
    files: z.array(z.string().max(255)).min(1).max(20),
    record: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    state: z.literal('failed'),
    seconds: z.number().nonnegative(),
    failure: z.string().regex(/^[a-z][a-z-]{0,40}$/),
    detail: z.string().max(2000),
    retryAfterSeconds: z
      .number()
      .nonnegative()
      .nullable()
      .meta({ description: 'Null: not again before somebody asks for it.' }),
    record: z.record(z.string(), z.unknown()),
  }),
]);

export const StoredWheel = z.object({ filename: z.string(), sha256: z.string(), size: z.number() });

/** Every operation of the wheel farm. */
export const operations = {
  addBuildProjects: {
    method: 'POST',
    path: '/+builds/projects',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'Have wheels built of projects, for these targets.',
    request: NewProjects,
    response: AddedProjects,
  },
  listBuildProjects: {
    method: 'GET',
    path: '/+builds/projects',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'List what is built.',
    response: z.object({ projects: z.array(WatchedProject) }),
  },
  removeBuildProject: {
    method: 'DELETE',
    path: '/+builds/projects/:user/:index/:project',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'Build no more wheels of a project; those that are there stay.',
    response: Message,
  },
  skipBuilds: {
    method: 'POST',
    path: '/+builds/projects/:user/:index/:project/skip',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'Build no more of a project, of a version of it, or for a target.',
    request: SelectedBuilds.extend({
      reason: z.string().max(500).default('').meta({ description: 'What people are told.' }),
    }),
    response: Message,
  },
  unskipBuilds: {
    method: 'POST',
    path: '/+builds/projects/:user/:index/:project/unskip',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'Build again what was skipped; version and target as they were then.',
    request: SelectedBuilds,
    response: Message,
  },
  listBuilds: {
    method: 'GET',
    path: '/+builds',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'List builds, newest first: `?state=`, `?project=`, `?before=`, at most 200.',
    response: z.object({
      waiting: z.number().meta({ description: 'Builds to do, of all projects.' }),
      builds: z.array(Build),
    }),
  },
  readBuild: {
    method: 'GET',
    path: '/+builds/:id',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'Read a build.',
    response: BuildRecord,
  },
  readBuildLog: {
    method: 'GET',
    path: '/+builds/:id/log',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'Read the log of a build, also while it runs; `?offset=` in characters.',
    produces: ['text/plain'],
  },
  retryBuild: {
    method: 'POST',
    path: '/+builds/:id/retry',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'Build what failed again.',
    response: Message,
  },
  cancelBuild: {
    method: 'POST',
    path: '/+builds/:id/cancel',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'End a build that runs.',
    response: Message,
  },
  listBuilders: {
    method: 'GET',
    path: '/+builders',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'List builders.',
    response: z.object({ builders: z.array(BuilderFacts) }),
  },
  changeBuilder: {
    method: 'PATCH',
    path: '/+builders/:name',
    permission: 'builds.manage',
    subject: 'server',
    summary: 'Pause, resume or drain a builder.',
    request: z.strictObject({ state: z.enum(['active', 'paused', 'draining']) }),
    response: Message,
  },
  registerBuilder: {
    method: 'POST',
    path: '/+builders',
    permission: 'builds.build',
    subject: 'server',
    summary: 'Register a builder with what it can build for.',
    request: NewBuilder,
    response: z.object({ name: z.string(), leaseSeconds: z.number() }),
  },
  leaseBuild: {
    method: 'POST',
    path: '/+builders/:name/lease',
    permission: 'builds.build',
    subject: 'server',
    summary: 'Take the next build, if there is one.',
    request: z.strictObject({ session: z.string().max(64) }),
    response: LeaseAnswer,
  },
  heartbeat: {
    method: 'POST',
    path: '/+builds/:id/heartbeat',
    permission: 'builds.build',
    subject: 'server',
    summary: 'Say that a build goes on.',
    response: Heartbeat,
  },
  appendBuildLog: {
    method: 'POST',
    path: '/+builds/:id/log',
    permission: 'builds.build',
    subject: 'server',
    summary:
      'Add to the log of a build; what is there already is left out, so that sending twice does no harm.',
    request: z.strictObject({
      position: z
        .number()
        .int()
        .nonnegative()
        .meta({ description: 'How many characters (UTF-16 units) of the log come before.' }),
      text: z.string(),
    }),
    response: z.object({ size: z.number() }),
  },
  storeBuiltWheel: {
    method: 'PUT',
    path: '/+builds/:id/files/:filename',
    permission: 'builds.build',
    subject: 'server',
    summary: 'Bring a wheel; `?sha256=` is compared with what arrives.',
    readsBody: true,
    response: StoredWheel,
  },
  endBuild: {
    method: 'POST',
    path: '/+builds/:id/result',
    permission: 'builds.build',
    subject: 'server',
    summary: 'End a build: its wheels appear, or its failure is recorded. May be sent again.',
    request: BuildResult,
    response: Message,
  },
} as const satisfies Record<string, Operation<PermissionName, 'server'>>;
