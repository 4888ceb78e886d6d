import type {
  PermissionName as AccountsPermission,
  SubjectName as AccountsSubject,
} from '#accounts/contract';
import type { PageOperation } from '#web/serving/routes.ts';
import type { PermissionName } from './policy.ts';
import type { SubjectName } from './subjects.ts';

/** The pages of the part, and what their forms send to. */
export const pageOperations = {
  showIndexes: {
    audience: 'browser',
    method: 'GET',
    path: '/+indexes',
    permission: 'server.read-interface',
    subject: 'server',
    summary: 'All indexes that the reader may read.',
  },
  showUser: {
    audience: 'browser',
    method: 'GET',
    path: '/:user',
    permission: 'accounts.read-user',
    subject: 'user',
    summary: 'A user, with the indexes that the reader may read.',
  },
  showSetup: {
    audience: 'browser',
    method: 'GET',
    path: '/+setup',
    permission: 'accounts.login',
    subject: 'server',
    summary: 'The next step of setting a new server up; 404 afterwards.',
  },
  sendSetup: {
    audience: 'browser',
    method: 'POST',
    path: '/+setup',
    permission: 'accounts.login',
    subject: 'server',
    summary: 'Take one step of setting a new server up.',
  },
  showProject: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project',
    permission: 'packages.read',
    subject: 'index',
    summary: 'The versions of a project over an index and its bases.',
  },
  showWhy: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/+why/:project',
    permission: 'packages.read',
    subject: 'index',
    summary: 'Why a project is seen, index by index.',
  },
  showProjectHistory: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/+history',
    permission: 'packages.read',
    subject: 'index',
    summary: 'What happened to a project.',
  },
  showRelease: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/:version',
    permission: 'packages.read',
    subject: 'index',
    summary: 'A release: its description, files and how to install it; `latest` and `stable` name one, too.',
  },
  showReleaseFiles: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/:version/+files',
    permission: 'packages.read',
    subject: 'index',
    summary: 'The files of a release with all hashes.',
  },
  showDependencies: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/:version/+dependencies',
    permission: 'packages.read',
    subject: 'index',
    summary: 'What a release needs.',
  },
  showMetadata: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/:version/+metadata',
    permission: 'packages.read',
    subject: 'index',
    summary: 'All metadata of a release.',
  },
  showDocumentation: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/:version/+d/*',
    permission: 'packages.read',
    subject: 'index',
    summary: 'A page of documentation below the top of our pages.',
    framesOwn: true,
  },
  showDocumentationStart: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/:version/+d',
    permission: 'packages.read',
    subject: 'index',
    summary: 'Leads to the first page of the documentation.',
  },
  showReleaseHistory: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/:version/+history',
    permission: 'packages.read',
    subject: 'index',
    summary: 'What happened to a release.',
  },
  showTestResults: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/:version/+toxresults/:filename',
    permission: 'packages.read',
    subject: 'index',
    summary: 'How tests of a file went, run by run.',
  },
  showTestResult: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/:project/:version/+toxresults/:filename/:result',
    permission: 'packages.read',
    subject: 'index',
    summary: 'One run of the tests of a file: environments, commands, and the end of what they wrote.',
  },
} as const satisfies Record<
  string,
  PageOperation &
    (
      | { readonly permission: PermissionName; readonly subject: SubjectName }
      | { readonly permission: AccountsPermission; readonly subject: AccountsSubject }
    )
>;
