import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Secret } from '#kernel/config/secret.ts';
import { deploymentDirectory, type Deployment } from './deployment.ts';
import { nginxSite } from './nginx-site.ts';
import { settingsFile } from './settings-file.ts';
import { supervisorConfig } from './supervisor-files.ts';

const deployment: Deployment = {
  directory: '/srv/devpi',
  outsideUrl: new URL('http://localhost'),
  host: 'localhost',
  port: 4040,
  options: [],
  serverdir: '/srv/devpi/data',
  database: new Secret('postgres://u:secret@h/d'),
  certificates: '/srv/ssl/devpi',
  allowEmptyRootPassword: false,
};

describe('a deployment', () => {
  test.each([
    ['/srv/my devpi', 'letters, digits'],
    ['/srv/devpi;', 'letters, digits'],
    ['/srv/de%vpi', 'letters, digits'],
    ["/srv/de'vpi", 'letters, digits'],
    ['/srv/de\nvpi', 'letters, digits'],
    ['/', 'letters, digits'],
    [`/${'x'.repeat(70)}`, 'too long'],
  ])('is not made in %j', (path, problem) => {
    expect(() => deploymentDirectory(path)).toThrow(problem);
  });

  test('may be as deep as its socket allows', () => {
    expect(deploymentDirectory(`/${'x'.repeat(69)}`)).toHaveLength(70);
  });

  test.each(['a b', 'a;b', 'a"b', 'a\nb', ''])('gives supervisord no option with %j', (value) => {
    expect(() => supervisorConfig({ ...deployment, options: ['--host', value] })).toThrow(
      'cannot stand in the configuration',
    );
  });

  test.each([true, false])('takes the empty password of root from elsewhere if it is to: %s', (allowed) => {
    const settings = parse(settingsFile({ ...deployment, allowEmptyRootPassword: allowed })) as unknown;

    expect(settings).toEqual({
      packages: { 'default-bases': ['root/pypi'] },
      ...(allowed && { 'allow-empty-root-password': 'yes' }),
      database: 'postgres://u:secret@h/d',
    });
  });

  test('names nothing secret in its command line', () => {
    const config = supervisorConfig({ ...deployment, options: ['--outside-url', 'http://x/a%20b'] });

    expect(config).toContain(
      'command=/srv/devpi/bin/devpi-server --port 4040 --serverdir /srv/devpi/data --outside-url http://x/a%%20b\n',
    );
    expect(config).not.toContain('secret');
  });

  test.each([
    ['http://localhost', 'listen 80;', 'X-outside-url $scheme://$host;', 'location / {'],
    ['http://h:8080', 'listen 8080;', 'X-outside-url $scheme://$host:8080;', 'location / {'],
    ['https://h/python/', 'listen 443 ssl;', 'X-outside-url $scheme://$host/python;', 'location /python/ {'],
  ])('is published at %s', (url, ...lines) => {
    const site = nginxSite({ ...deployment, outsideUrl: new URL(url) });

    for (const line of lines) expect(site).toContain(line);
    expect(site.includes('return 301')).toBe(url.startsWith('https'));
  });
});
