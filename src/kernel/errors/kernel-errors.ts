import { defineErrors } from './app-error.ts';

/** Failures that belong to no part: configuration, storage, the HTTP frame and authentication. */
export const kernelErrors = defineErrors('kernel', {
  unexpected: {
    status: 500,
    title: 'Unexpected failure',
    hint: 'the server log has the details under this request id',
  },
  badConfiguration: { status: 500, title: 'The configuration has problems' },
  serverdirInUse: {
    status: 500,
    title: 'Another process serves this directory',
    hint: 'stop the other server, or choose another directory with --serverdir',
  },
  serverdirUnusable: {
    status: 500,
    title: 'The server directory cannot be used',
    hint: 'make the directory writable, or choose another one with --serverdir',
  },
  serverdirEmpty: {
    status: 500,
    title: 'There is no server in this directory',
    hint: 'name the directory of the server with --serverdir',
  },
  addressInUse: {
    status: 500,
    title: 'The address is taken',
    hint: 'choose another port with --port, or stop the program that listens there',
  },
  emptyRootPassword: {
    status: 500,
    title: 'The root user has no password',
    hint:
      'set a root password on this machine first (serve on localhost, then change it), ' +
      'or pass --allow-empty-root-password',
  },
  databaseUnavailable: {
    status: 503,
    title: 'The database does not answer',
    hint: 'check the database setting and that the database runs',
  },
  storageFull: { status: 507, title: 'No space left for files', hint: 'free space in the server directory' },
  fileMissing: { status: 500, title: 'A stored file is missing', hint: 'run wheelhouse doctor' },
  routeNotFound: { status: 404, title: 'No such address' },
  methodNotAllowed: { status: 405, title: 'The method is not allowed here' },
  badInputFile: { status: 400, title: 'A file that was given cannot be used' },
  badRequest: { status: 400, title: 'The request is malformed' },
  badJson: { status: 400, title: 'The body is not valid JSON' },
  bodyTooLarge: { status: 413, title: 'The request body is too large' },
  uriTooLong: { status: 414, title: 'The address is too long' },
  unsupportedMediaType: { status: 415, title: 'The body has an unsupported type' },
  notAcceptable: { status: 406, title: 'No representation matches the Accept header' },
  serverUnreachable: {
    status: 502,
    title: 'The server cannot be reached',
    hint: 'check the URL, and that `wheelhouse serve` runs there',
  },
  serverRefused: { status: 400, title: 'The server refused' },
  tooBusy: { status: 503, title: 'The server has too much to do', hint: 'try again in a moment' },
  shuttingDown: { status: 503, title: 'The server is shutting down', hint: 'try again in a moment' },
});
