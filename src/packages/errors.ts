import { defineErrors } from '#kernel/errors/app-error.ts';

/** Everything that can go wrong with indexes, releases and files. */
export const packagesErrors = defineErrors('packages', {
  userHasReleases: {
    status: 403,
    title: 'The user has a non-volatile index',
    hint: 'set volatile=True on the index first',
    meaning: 'A user is deleted with all indexes, and one of them keeps its releases.',
  },
  invalidIndex: {
    status: 400,
    title: 'Invalid index options',
    meaning:
      'A name or an option of the index is unknown or has a bad value; the detail lists every problem.',
  },
  invalidRetention: {
    status: 400,
    title: 'Nothing can be retained so',
    hint: 'name a stage, and how many releases of a project stay (keep), or for how many days (days)',
    meaning: 'Old releases were asked for on a mirror, or without saying which are old.',
  },
  indexExists: {
    status: 409,
    title: 'The index exists already',
    meaning: 'Choose another name, or change the index that is there.',
  },
  indexNotFound: { status: 404, title: 'No such index', meaning: 'The user has no index of this name.' },
  indexReplaced: {
    status: 409,
    title: 'The index is another one now',
    hint: 'look at the index, and send the request again',
    meaning: 'While the request arrived, the index was deleted and one of the same name was made.',
  },
  indexNotVolatile: {
    status: 403,
    title: 'The index is not volatile',
    hint: 'what was released there stays; use ?force (devpi remove -f), or set volatile=True first',
    meaning: 'What was released on an index that is not volatile is removed only on purpose.',
  },
  webhookNotFound: {
    status: 404,
    title: 'No such webhook',
    hint: '`wheelhouse webhook list` shows those that are there',
    meaning: 'The index, or the server, has no webhook with this id.',
  },
  invalidWebhook: {
    status: 400,
    title: 'Not a webhook',
    meaning:
      'The address or the filter of the webhook cannot be used, or there are as many webhooks as there may be; the detail says which.',
  },
  projectNotFound: {
    status: 404,
    title: 'No such project',
    meaning: 'Neither the index nor its bases show the project. `wheelhouse why` tells which rule decided.',
  },
  releaseNotFound: {
    status: 404,
    title: 'No such release',
    meaning: 'The project has no such version on the index.',
  },
  fileNotFound: {
    status: 404,
    title: 'No such file',
    meaning:
      'The address has no file, or upstream no longer gives it. Installers find the address of today on the project page.',
  },
  fileRemoved: {
    status: 410,
    title: 'The file was removed',
    meaning: 'There was a file at this address, and it was removed or replaced.',
  },
  invalidProjectName: {
    status: 400,
    title: 'Not a project name',
    meaning:
      'Project names are ASCII letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit.',
  },
  invalidForm: {
    status: 400,
    title: 'The upload form is malformed',
    meaning:
      'A field of the upload form is missing or does not fit the file name, or the form broke off; the detail says which.',
  },
  invalidArchive: {
    status: 400,
    title: 'The archive is unsafe or inconsistent',
    hint: 'build it again with a current build tool; `twine check` helps',
    meaning:
      'The archive could be unpacked in two ways, leaves its directory, or says something else than its name or RECORD. The setting `packages.archive-check` can turn this into a warning.',
  },
  invalidDocumentation: {
    status: 400,
    title: 'The documentation zip is unsafe or inconsistent',
    hint: 'make the zip anew from the built pages; `packages.documentation-files` and `packages.documentation-bytes` are the limits',
    meaning:
      'A documentation zip has members that leave it, links, a name twice, more files or bytes than the server takes, or data that is not what its directory says. The detail lists every reason; nothing was stored.',
  },
  documentationNotFound: {
    status: 404,
    title: 'No such documentation',
    meaning: 'The release has no documentation, or its documentation has no such file.',
  },
  digestMismatch: {
    status: 400,
    title: 'The file is not what the form says',
    hint: 'the file was changed on its way or after its digest was computed; upload it again',
    meaning: 'A digest of the form is not that of the bytes that arrived.',
  },
  uploadToMirror: {
    status: 404,
    title: 'Mirrors take no uploads',
    hint: 'upload to a stage index, such as USER/dev',
    meaning: 'A mirror shows what its upstream has and nothing else.',
  },
  fileTooLarge: {
    status: 413,
    title: 'The file is too large',
    hint: 'the setting packages.max-upload-bytes sets the limit',
    meaning: 'The upload is larger than the server takes. Nothing of it was kept.',
  },
  formTooLarge: {
    status: 413,
    title: 'The fields of the form are too large',
    hint: 'the setting packages.max-form-bytes sets the limit',
    meaning:
      'The fields of the upload form, of which the description is the longest, take more than the server holds.',
  },
  fileExists: {
    status: 409,
    title: 'The file exists with other contents',
    hint: 'raise the version, or upload to a volatile index',
    meaning:
      'An index that is not volatile has the file name with other bytes. The same bytes again are accepted.',
  },
  nothingToPush: {
    status: 400,
    title: 'The index has no such release to push',
    hint: 'a release is pushed from the index that has it itself; `devpi list` shows what is where',
    meaning: 'Only what an index itself has can be pushed from it, not what it inherits.',
  },
  mayNotPush: {
    status: 401,
    title: 'No permission to upload to the target',
    hint: 'log in as somebody whom acl_upload of the target names',
    meaning: 'A push is an upload to the other index, and needs the right to that there.',
  },
  tooManyTestResults: {
    status: 409,
    title: 'The file has as many test results as it may have',
    hint: 'remove old ones (DELETE at their addresses), or raise packages.max-test-results',
    meaning: 'Test results are never replaced, so each file may have only so many.',
  },
  upstreamFailed: {
    status: 502,
    title: 'The upstream index failed',
    hint: 'nothing is wrong with your request; try again when the upstream index is well',
    meaning:
      'A mirror had to ask its upstream and got no usable answer: no connection, an error, or something that is no index page or not the announced file.',
  },
  upstreamTimeout: {
    status: 504,
    title: 'The upstream index is too slow',
    hint: 'nothing is wrong with your request; try again in a moment',
    meaning:
      'A mirror had to ask its upstream, which did not answer in time, and there is no older copy to serve.',
  },
  notCachedOffline: {
    status: 503,
    title: 'The server is offline and has no copy',
    hint: 'bring it in with `wheelhouse prime`, or serve without --offline',
    meaning:
      'The server runs with `offline` and was asked for something that it has never fetched. It may exist upstream.',
  },
  invalidBundle: {
    status: 400,
    title: 'The bundle is damaged, or is none',
    hint: 'nothing was imported; copy the bundle again, or write it anew with `wheelhouse prime --bundle`',
    meaning:
      'A bundle is checked whole before anything of it counts, and this one has a wrong hash, a wrong name or an end in its middle.',
  },
  bundleNeedsMirror: {
    status: 400,
    title: 'Bundles go into mirrors only',
    hint: 'name a mirror, such as --index root/pypi',
    meaning: 'A bundle holds what an upstream index offers, so an index for uploads cannot take it.',
  },
  bundleConflict: {
    status: 409,
    title: 'The bundle contradicts what is here',
    hint: 'nothing was imported; one of the two has a file that is not what its upstream index offers',
    meaning: 'The mirror and the bundle have the same file with different hashes.',
  },
  invalidDump: {
    status: 400,
    title: 'The dump is damaged, or is none',
    hint: 'nothing was imported; mend what is listed, or export anew',
    meaning:
      'A dump is checked whole before anything of it counts. The detail lists everything that is wrong with it: files that are missing or have other bytes, names that cannot be, what is there twice, bases in a circle, paths that lead out of it or through links.',
  },
  importNeedsNewServer: {
    status: 409,
    title: 'There is a server in this directory already',
    hint: 'import into a new directory: wheelhouse import DIR --serverdir NEW',
    meaning:
      'A dump becomes a server as it was, so it is taken by a server that has no users but root, no indexes but root/pypi, and no files.',
  },
  sourceFailed: {
    status: 502,
    title: 'The server to move from failed',
    hint: 'nothing was imported; see that it runs and that the login may read all, and run the same command again, which goes on',
    meaning:
      'An import from a server that runs asks it for everything that it shows, and it could not be reached or answered something else.',
  },
  exportNeedsNewDirectory: {
    status: 409,
    title: 'The directory for the dump is not empty',
    hint: 'name a directory that is empty or does not exist',
    meaning:
      'A dump is written into an empty directory, or into one that holds an export that was interrupted.',
  },
});
