import { defineErrors } from '#kernel/errors/app-error.ts';

/** Everything that can go wrong with users, indexes, releases and files. */
export const packagesErrors = defineErrors('packages', {
  loginFailed: { status: 401, title: 'Login failed', hint: 'check the user name and the password' },
  loginNeeded: {
    status: 401,
    title: 'Log in first',
    hint: 'give a user name and a password, or a login token',
  },
  loginExpired: { status: 401, title: 'The login has expired', hint: 'log in again' },
  notAllowed: { status: 403, title: 'Not allowed' },
  invalidUser: { status: 400, title: 'Invalid user settings' },
  userExists: { status: 409, title: 'The user exists already' },
  userNotFound: { status: 404, title: 'No such user' },
  userHasReleases: {
    status: 403,
    title: 'The user has a non-volatile index',
    hint: 'set volatile=True on the index first',
  },
  invalidIndex: { status: 400, title: 'Invalid index options' },
  indexExists: { status: 409, title: 'The index exists already' },
  indexNotFound: { status: 404, title: 'No such index' },
  indexNotVolatile: {
    status: 403,
    title: 'The index is not volatile',
    hint: 'what was released there stays; use ?force (devpi remove -f), or set volatile=True first',
  },
  projectNotFound: { status: 404, title: 'No such project' },
  releaseNotFound: { status: 404, title: 'No such release' },
  fileNotFound: { status: 404, title: 'No such file' },
  fileRemoved: { status: 410, title: 'The file was removed' },
  invalidProjectName: { status: 400, title: 'Not a project name' },
  invalidForm: { status: 400, title: 'The upload form is malformed' },
  invalidArchive: {
    status: 400,
    title: 'The archive is unsafe or inconsistent',
    hint: 'build it again with a current build tool; `twine check` helps',
  },
  digestMismatch: {
    status: 400,
    title: 'The file is not what the form says',
    hint: 'the file was changed on its way or after its digest was computed; upload it again',
  },
  uploadToMirror: {
    status: 404,
    title: 'Mirrors take no uploads',
    hint: 'upload to a stage index, such as USER/dev',
  },
  fileTooLarge: {
    status: 413,
    title: 'The file is too large',
    hint: 'the setting packages.max-upload-bytes sets the limit',
  },
  fileExists: {
    status: 409,
    title: 'The file exists with other contents',
    hint: 'raise the version, or upload to a volatile index',
  },
  cannotServeHtml: {
    status: 415,
    title: 'This address answers JSON only',
    hint: 'send Accept: application/json',
  },
  upstreamFailed: {
    status: 502,
    title: 'The upstream index failed',
    hint: 'nothing is wrong with your request; try again when the upstream index is well',
  },
  upstreamTimeout: {
    status: 504,
    title: 'The upstream index is too slow',
    hint: 'nothing is wrong with your request; try again in a moment',
  },
  notCachedOffline: {
    status: 503,
    title: 'The server is offline and has no copy',
    hint: 'bring it in with `wheelhouse prime`, or serve without --offline',
  },
  invalidBundle: {
    status: 400,
    title: 'The bundle is damaged, or is none',
    hint: 'nothing was imported; copy the bundle again, or write it anew with `wheelhouse prime --bundle`',
  },
  bundleNeedsMirror: {
    status: 400,
    title: 'Bundles go into mirrors only',
    hint: 'name a mirror, such as --index root/pypi',
  },
  bundleConflict: {
    status: 409,
    title: 'The bundle contradicts what is here',
    hint: 'nothing was imported; one of the two has a file that is not what its upstream index offers',
  },
  notAvailableYet: { status: 501, title: 'Not available in this version' },
});
