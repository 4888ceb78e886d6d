import { describe, expect, test } from 'vitest';
import { AppError } from '#kernel/errors/app-error.ts';
import { configFromOptions, initOptions, serverOptions, stateOptions } from './devpi-options.ts';

const all = [...stateOptions, ...initOptions, ...serverOptions];

describe('options of devpi-server', () => {
  test('become settings', () => {
    const config = configFromOptions(all, {
      serverdir: '/srv/devpi',
      host: '0.0.0.0',
      port: '4040',
      outsideUrl: 'https://pypi.example.com/sub',
      maxRequestBodySize: '1000',
      requestsOnly: true,
      offlineMode: true,
      debug: true,
    });

    expect(config).toMatchObject({
      serverdir: '/srv/devpi',
      host: '0.0.0.0',
      port: 4040,
      'outside-url': 'https://pypi.example.com/sub',
      'packages.max-upload-bytes': 1000,
      roles: ['web'],
      offline: true,
      'log.level': 'debug',
    });
  });

  test.each([
    ['*:3141', '0.0.0.0', 3141],
    ['localhost:80', 'localhost', 80],
    ['[::1]:8080', '::1', 8080],
  ])('--listen %s is a host and a port', (address, host, port) => {
    expect(configFromOptions(all, { listen: [address] })).toMatchObject({ host, port });
  });

  test.each([
    ['sqlite', 'sqlite'],
    ['sqlite_db_files', 'sqlite'],
    ['pg8000:host=db,port=5433,database=devpi,user=me', 'postgres://me@db:5433/devpi'],
    ['pg8000:password=a=b/c,user=u', 'postgres://u:a%3Db%2Fc@localhost/devpi'],
    ['pg8000', 'postgres://localhost/devpi'],
  ])('--storage %s is the database %s', (storage, database) => {
    const found = configFromOptions(all, { storage }).database;

    expect(found === 'sqlite' ? found : found.reveal()).toBe(database);
  });

  test.each([
    [{ storage: 'mysql' }, '--storage mysql: known are sqlite and pg8000'],
    [{ role: 'replica' }, 'wheelhouse serve --replica-of URL'],
    [{ primaryUrl: 'http://other' }, 'wheelhouse serve --replica-of URL'],
    [{ restrictModify: 'root' }, '--restrict-modify: this version has no such limit'],
    [{ listen: ['a:1', 'b:2'] }, 'give one address'],
    [{ listen: ['3141'] }, 'give one address'],
    [{ port: 'many' }, 'flag --port: port'],
  ])('%j is an error', (values, message) => {
    expect(() => configFromOptions(all, values)).toThrow(AppError);
    expect(() => configFromOptions(all, values)).toThrow(message);
  });

  test('name every flag once', () => {
    const names = all.map(({ flags }) => flags.split(' ').find((word) => word.startsWith('--')));

    expect(new Set(names).size).toBe(names.length);
  });
});
