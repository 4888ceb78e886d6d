import { defineErrors } from './app-error.ts';

/** Failures that belong to no part: configuration, storage, the HTTP frame and authentication. */
export const kernelErrors = defineErrors('kernel', {
  unexpected: {
    status: 500,
    title: 'Unexpected failure',
    hint: 'the server log has the details under this request id',
    meaning:
      "A failure that nobody foresaw: a defect of Wheelhouse. Look the request id up in the server's log, and report it.",
  },
  badConfiguration: {
    status: 500,
    title: 'The configuration has problems',
    meaning:
      'A setting has a bad value, or there is no such setting. Every problem is listed with its flag, variable, or file and line.',
  },
  serverdirInUse: {
    status: 500,
    title: 'Another process serves this directory',
    hint: 'stop the other server, or choose another directory with --serverdir',
    meaning:
      'The server directory is locked by a running server. With SQLite exactly one process may write it.',
  },
  serverdirUnusable: {
    status: 500,
    title: 'The server directory cannot be used',
    hint: 'make the directory writable, or choose another one with --serverdir',
    meaning: 'The directory cannot be made or written, or it is not in the state that the program needs.',
  },
  serverdirEmpty: {
    status: 500,
    title: 'There is no server in this directory',
    hint: 'name the directory of the server with --serverdir',
    meaning: 'A command that looks at an existing server was given a directory where none has run.',
  },
  importUnfinished: {
    status: 500,
    title: 'An import into this directory has not ended',
    hint: 'run the same `wheelhouse import` again, which goes on where it stopped, or remove the directory',
    meaning:
      'A dump was being imported when the process ended. Part of it is here, which nobody may take for the whole, so nothing but the import opens the directory.',
  },
  addressInUse: {
    status: 500,
    title: 'The address is taken',
    hint: 'choose another port with --port, or stop the program that listens there',
    meaning: 'The server cannot listen on the address, because another program does.',
  },
  portNotAllowed: {
    status: 500,
    title: 'The port is not allowed',
    hint: 'choose a port from 1024 on with --port and put a proxy in front, or give the program the capability CAP_NET_BIND_SERVICE',
    meaning: 'Ports below 1024 are for root and for programs that were given the right.',
  },
  hostNotHere: {
    status: 500,
    title: 'The host is not one of this machine',
    hint: 'name an address of this machine with --host, or 0.0.0.0 for all of them',
    meaning:
      'The server cannot listen: no network interface of this machine has the address, or the name stands for none.',
  },
  databaseUnavailable: {
    status: 503,
    title: 'The database does not answer',
    hint: 'check the database setting and that the database runs',
    meaning: 'PostgreSQL cannot be reached or cannot be prepared. Requests work again as soon as it answers.',
  },
  databaseDamaged: {
    status: 500,
    title: 'The database is damaged',
    hint: 'stop the server and restore the database from a backup: docs/guides/production.md, "A damaged database"',
    meaning:
      'The database fails its own check, or a part of it cannot be read. Rows may seem to be missing that are not, so no stored bytes are removed until it is sound again.',
  },
  databaseNewer: {
    status: 500,
    title: 'The database is of a newer version',
    meaning:
      'A newer Wheelhouse has migrated the database, and migrations only go forward. Nothing was changed. The detail names the version that did it.',
  },
  databaseOlder: {
    status: 500,
    title: 'The database is of an older version',
    hint: 'start the server with this version first: it upgrades the database; or use the version that runs there',
    meaning:
      'A command beside a server does not migrate the database, and without that it cannot read all of it.',
  },
  backupUnusable: {
    status: 500,
    title: 'The backup cannot be used',
    meaning:
      'A directory of backups is none, is of another server, cannot be written, or a part of it is missing or damaged; the detail says which.',
  },
  backupInUse: {
    status: 500,
    title: 'Another command works with the backup',
    hint: 'wait until it has ended',
    meaning: 'One backup, restore or verification at a time works with a directory of backups.',
  },
  restoreNotEmpty: {
    status: 500,
    title: 'There is something already',
    hint: 'restore into an empty server directory, and with PostgreSQL into an empty database',
    meaning: 'A backup is only restored where nothing can be overwritten. Nothing was changed.',
  },
  notReady: {
    status: 503,
    title: 'The server is not ready',
    hint: "the server's log has the reasons",
    meaning:
      'The readiness probe `/+readyz` names what is missing: `database` does not answer, `migrations` are not those of this version, or nothing can be written into the `store`. What needs none of it is still served.',
  },
  storageFull: {
    status: 507,
    title: 'No space left for files',
    hint: 'free space in the server directory',
    meaning:
      'The disk of the server directory is full. The upload or download was given up and nothing of it stays.',
  },
  filesUnusable: {
    status: 500,
    title: 'The directory of stored files cannot be used',
    hint: 'see that it is mounted and that the server may write it, then try again',
    meaning:
      'The directory of the stored files, or one of the directories in it, is missing or cannot be written. Nothing was stored.',
  },
  filesOfAnother: {
    status: 500,
    title: 'The stored files are not those of the database',
    hint: 'set files-directory to the directory that all servers of this database share',
    meaning:
      'The directory of the stored files and the database know each other by an id, and it differs. Serving would answer for files that are not there, and the collection of unneeded bytes would remove those of somebody else.',
  },
  fileMissing: {
    status: 500,
    title: 'A stored file is missing',
    hint: 'run wheelhouse doctor',
    meaning:
      'A row names a file whose bytes are not in the store. Restore it from a backup, or upload it again.',
  },
  primaryUnreachable: {
    status: 503,
    title: 'The primary does not answer',
    hint: 'reading works meanwhile; try again when the primary is back',
    meaning:
      'A replica has to ask its primary for this, for every change and for files that it has not fetched yet, and cannot reach it. A change that was under way may have been made.',
  },
  primaryRefuses: {
    status: 502,
    title: 'The primary refuses the replica',
    hint: 'check replica-token, and that replica and primary run the same version',
    meaning:
      'The primary answers the replica with an error, or with something else than was asked for: the token has ended or lacks the scope `server.replicate`, the versions differ, or a file is damaged.',
  },
  replicaDiverged: {
    status: 409,
    title: 'The replica has another past than the primary',
    hint: 'if the primary is the right one, stop the replica, empty its server directory and database, and start it again: docs/guides/replicas.md, "A primary from a backup"',
    meaning:
      'The event log of the replica is not the beginning of that of the primary: the primary was restored from an older copy, or is another server. The replica follows it no longer and forwards no changes; what it has can still be read.',
  },
  notPrimary: {
    status: 409,
    title: 'This server is a replica itself',
    hint: 'follow its primary',
    meaning: 'Replicas follow a primary; a replica of a replica is not supported.',
  },
  isReplica: {
    status: 500,
    title: 'The server in this directory is a replica',
    hint: 'make changes on the primary; to serve it, set replica-of and replica-token again; if the primary is gone for good: wheelhouse promote',
    meaning:
      'A command would change a replica, whose data are those of its primary, or it would be served as a server of its own.',
  },
  replicaIncomplete: {
    status: 500,
    title: 'The replica does not have everything',
    hint: 'wheelhouse promote --incomplete goes on without',
    meaning:
      'A replica was to become a server of its own, and files that its rows name were never fetched, or it never had all rows. Nothing was changed.',
  },
  primaryAnswers: {
    status: 500,
    title: 'The primary still answers',
    hint: 'stop the primary for good first: two servers that take changes never become one again',
    meaning:
      'A replica was to become a server of its own while the one that it follows serves. Nothing was changed.',
  },
  notReplica: {
    status: 500,
    title: 'The server in this directory is no replica',
    hint: 'start the replica with a server directory, and a database, of its own',
    meaning: 'A server that has data of its own was to become a replica. Nothing was changed.',
  },
  routeNotFound: {
    status: 404,
    title: 'No such address',
    meaning: 'No operation has this path; see the HTTP reference.',
  },
  methodNotAllowed: {
    status: 405,
    title: 'The method is not allowed here',
    meaning: 'The path exists and takes other methods, which the header `Allow` lists.',
  },
  badRequest: {
    status: 400,
    title: 'The request is malformed',
    meaning: 'A field or parameter of the request is missing or has a bad value; the detail names it.',
  },
  crossSiteRequest: {
    status: 403,
    title: 'Another site may not do this',
    hint: 'do it on a page of this server, or with a program',
    meaning:
      'A browser was made to send a change by a page of another site, which might use the password that the browser keeps. Programs are not concerned: they send neither `Sec-Fetch-Site` nor `Origin`.',
  },
  unknownVersion: {
    status: 505,
    title: 'The HTTP version is not supported',
    hint: 'use HTTP/1.1',
    meaning: 'The request line names another version than HTTP/1.0 or HTTP/1.1.',
  },
  badJson: { status: 400, title: 'The body is not valid JSON', meaning: 'The body must be JSON and is not.' },
  bodyTooLarge: {
    status: 413,
    title: 'The request body is too large',
    hint: 'the setting http.max-json-bytes sets the limit',
    meaning: 'A body other than an upload is larger than `http.max-json-bytes`.',
  },
  bodyTooSlow: {
    status: 408,
    title: 'The request body arrives too slowly',
    hint: 'send it again; the setting http.min-body-speed sets the limit',
    meaning:
      'For half a minute the body came more slowly than `http.min-body-speed`. Time that the server needed to take it does not count.',
  },
  tooManyBodies: {
    status: 503,
    title: 'Too many request bodies at once',
    hint: 'try again in a moment; the setting http.max-buffered-bytes sets the limit',
    meaning:
      'All bodies that the server holds in memory may together take `http.max-buffered-bytes`, and others take it already.',
  },
  unsupportedMediaType: {
    status: 415,
    title: 'The body has an unsupported type',
    meaning: 'The body has a content type that the address does not take.',
  },
  notAcceptable: {
    status: 406,
    title: 'No representation matches the Accept header',
    meaning: 'The header `Accept`, or `?format=`, names no form in which the page is served.',
  },
  uriTooLong: {
    status: 414,
    title: 'The address is too long',
    meaning: 'The path of the request is longer than any name that the server takes.',
  },
  tooBusy: {
    status: 503,
    title: 'The server has too much to do',
    hint: 'try again in a moment',
    meaning:
      'More password checks wait, or more pages follow what happens, than the server lets. A login token needs no such check.',
  },
});
