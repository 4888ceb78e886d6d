import { expect, test } from 'vitest';
import { throwDatabaseError } from './database-error.ts';

const failure = (message: string, more: object = {}) => Object.assign(new Error(message), more);

test.each([
  ['a refused connection', failure('connect ECONNREFUSED', { code: 'ECONNREFUSED' }), 'database-unavailable'],
  ['a reset connection', failure('read ECONNRESET', { code: 'ECONNRESET' }), 'database-unavailable'],
  ['a socket without a server', failure('connect ENOENT', { code: 'ENOENT' }), 'database-unavailable'],
  ['a shutdown', failure('terminating connection', { code: '57P01' }), 'database-unavailable'],
  [
    'a pool without a free connection',
    failure('timeout exceeded when trying to connect'),
    'database-unavailable',
  ],
  ['a connection that broke off', failure('Connection terminated unexpectedly'), 'database-unavailable'],
  [
    'a connection that had broken off',
    failure('Client has encountered a connection error and is not queryable'),
    'database-unavailable',
  ],
  ['a full disk of PostgreSQL', failure('could not extend file', { code: '53100' }), 'storage-full'],
  ['a full disk of SQLite', failure('database or disk is full', { errcode: 13 }), 'storage-full'],
  ['a damaged table of PostgreSQL', failure('invalid page', { code: 'XX001' }), 'database-damaged'],
  ['a damaged SQLite file', failure('malformed', { errcode: 267 }), 'database-damaged'],
  ['a SQLite file that may not be written', failure('readonly', { errcode: 1032 }), 'serverdir-unusable'],
  ['a zero byte', failure('invalid byte sequence', { code: '22021' }), 'bad-request'],
])('%s is told as an error of ours', (_what, error, code) => {
  let thrown: unknown;
  try {
    throwDatabaseError(error);
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toMatchObject({ kind: { code: `kernel.${code}` }, cause: error });
});

test('any other failure stays what it is', () => {
  const error = failure('duplicate key', { code: '23505' });

  expect(() => throwDatabaseError(error)).toThrow(error);
});
