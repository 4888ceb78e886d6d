import type { PageOperation } from '#web/serving/routes.ts';
import type { PermissionName } from './policy.ts';

const shared = { audience: 'browser', permission: 'builds.manage', subject: 'server' } as const;

/** The pages of the part, and what their forms send to. */
export const pageOperations = {
  showBuilds: {
    ...shared,
    method: 'GET',
    path: '/+builds',
    summary: 'What runs, what is to do, what came of the last builds, and who builds.',
  },
  showBuild: {
    ...shared,
    method: 'GET',
    path: '/+builds/:id',
    summary: 'A build: what came of it, what went in, and its log.',
  },
  showBuildLog: {
    ...shared,
    method: 'GET',
    path: '/+builds/:id/log',
    summary: 'The log of a build as plain text.',
  },
  followBuildLog: {
    ...shared,
    method: 'GET',
    path: '/+builds/:id/log/stream',
    summary: 'The lines of a log after `?after=`, as server-sent events, until the build ends.',
  },
  sendBuildRetry: {
    ...shared,
    method: 'POST',
    path: '/+builds/:id/retry',
    summary: 'Build what failed again.',
  },
  showBuildCancellation: {
    ...shared,
    method: 'GET',
    path: '/+builds/:id/cancel',
    summary: 'Ask before a build that runs is ended.',
  },
  sendBuildCancellation: {
    ...shared,
    method: 'POST',
    path: '/+builds/:id/cancel',
    summary: 'End a build that runs.',
  },
  showBuildProjects: {
    ...shared,
    method: 'GET',
    path: '/+builds/projects',
    summary: 'The projects that wheels are built of, and a form for more.',
  },
  sendNewBuildProjects: {
    ...shared,
    method: 'POST',
    path: '/+builds/projects',
    summary: 'Have wheels built of projects.',
  },
  showBuildProject: {
    ...shared,
    method: 'GET',
    path: '/+builds/projects/:user/:index/:project',
    summary:
      'Which wheels of a project there are, by version and target, and what becomes of those that are missing.',
  },
  showBuildProjectRemoval: {
    ...shared,
    method: 'GET',
    path: '/+builds/projects/:user/:index/:project/+remove',
    summary: 'Ask before wheels of a project are built no more.',
  },
  sendBuildProjectRemoval: {
    ...shared,
    method: 'POST',
    path: '/+builds/projects/:user/:index/:project/+remove',
    summary: 'Build no more wheels of a project.',
  },
  showBuilders: {
    ...shared,
    method: 'GET',
    path: '/+builders',
    summary: 'Builders, what each of them does, and buttons to pause, resume and drain them.',
  },
  sendBuilderChange: {
    ...shared,
    method: 'POST',
    path: '/+builders/:name',
    summary: 'Pause, resume or drain a builder.',
  },
} as const satisfies Record<string, PageOperation & { readonly permission: PermissionName }>;
