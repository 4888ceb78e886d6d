import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '#test/clients.ts';
import { skipWithout } from '#test/machine.ts';
import { startNginx, type Nginx } from '#test/nginx.ts';
import { runChecked } from '#test/run-command.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';

const missing =
  findProgram('nginx') === undefined ? 'nginx is not installed (apt-get install nginx)' : undefined;

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly detail: string;
  readonly hint?: string;
}

describe.skipIf(skipWithout(missing))('doctor --url looks through nginx', () => {
  let server: ServerProcess;
  let certificates: TemporaryDirectory;
  let nginx: Nginx;
  const ports: Record<string, number> = {};
  /** One TLS server of nginx for each: its certificate, and lines of its location. */
  const hosts: Readonly<Record<string, { readonly chain: string; readonly lines?: readonly string[] }>> = {
    right: { chain: 'whole' },
    incomplete: { chain: 'leaf' },
    expired: { chain: 'expired' },
    itself: { chain: 'itself' },
    elsewhere: { chain: 'elsewhere' },
    small: { chain: 'whole', lines: ['client_max_body_size 1m;'] },
    misnamed: { chain: 'whole', lines: ['proxy_set_header X-Outside-Url https://other.example.com;'] },
    // nginx decodes what a rewrite has changed, and encodes the percent sign again.
    encoding: { chain: 'whole', lines: ['rewrite "^(.*)\\+looks$" "$1%2Blooks" break;'] },
    headless: { chain: 'whole', lines: ['proxy_hide_header X-DEVPI-API-VERSION;'] },
    limited: {
      chain: 'whole',
      lines: ['if ($request_method !~ ^(GET|HEAD|POST|PUT|PATCH|DELETE)$) { return 405; }'],
    },
  };

  beforeAll(async () => {
    server = await startServer();
    certificates = await makeCertificates();
    for (const name of Object.keys(hosts)) ports[name] = await findFreePort();
    nginx = await startNginx(
      () => ['location / { return 301 https://127.0.0.1$request_uri; }'],
      () => Object.keys(hosts).flatMap(renderHost),
    );
  });
  afterAll(async () => {
    await nginx?.[Symbol.asyncDispose]();
    await certificates?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  function renderHost(name: string): string[] {
    const { chain = '', lines = [] } = hosts[name] ?? {};
    const path = (file: string) => join(certificates.path, file);
    const hasOwnAddress = lines.some((line) => line.includes('X-Outside-Url'));
    return [
      'server {',
      `  listen 127.0.0.1:${ports[name]} ssl;`,
      `  ssl_certificate ${path(`${chain}.pem`)};`,
      `  ssl_certificate_key ${path('server.key')};`,
      ...(lines.some((line) => line.includes('client_max')) ? [] : ['  client_max_body_size 0;']),
      '  location / {',
      ...lines.map((line) => `    ${line}`),
      `    proxy_pass ${server.url};`,
      ...(hasOwnAddress ? [] : ['    proxy_set_header X-Outside-Url https://$http_host;']),
      '    proxy_http_version 1.1;',
      '  }',
      '}',
    ];
  }

  async function look(url: string): Promise<{ exitCode: number | undefined; findings: Finding[] }> {
    const args = [
      'doctor',
      '--url',
      url,
      '--upload',
      '3',
      '--json',
      '--ca-file',
      join(certificates.path, 'root.pem'),
    ];
    const { exitCode, stdout, stderr } = await runWheelhouse(args);
    expect(stderr).toBe('');
    return { exitCode, ...(JSON.parse(stdout) as { findings: Finding[] }) };
  }

  const lookAt = (name: string) => look(`https://127.0.0.1:${ports[name]}`);

  it('and finds nothing wrong where nothing is', async () => {
    const { exitCode, findings } = await lookAt('right');

    expect(findings.map(({ check, status }) => [check, status])).toEqual([
      ['name', 'ok'],
      ['certificate', 'ok'],
      ['address', 'ok'],
      ['methods', 'ok'],
      ['paths', 'ok'],
      ['compression', 'ok'],
      ['upload', 'ok'],
    ]);
    expect(exitCode).toBe(0);
  });

  it.each([
    ['incomplete', 'certificate', 'the chain ends after it: "Tests Intermediate", which signed it'],
    ['expired', 'certificate', 'it expired on '],
    ['itself', 'certificate', 'it is signed by itself'],
    ['elsewhere', 'certificate', 'it is for DNS:elsewhere.example.com, not for 127.0.0.1'],
    ['small', 'upload', 'a body of 3 MiB is refused: nginx'],
    ['misnamed', 'address', 'the server calls itself https://other.example.com'],
    ['encoding', 'paths', 'a proxy changes %2B'],
    ['headless', 'headers', 'the headers X-DEVPI-… do not come through'],
    ['limited', 'methods', 'the method PUSH does not: nginx'],
  ])('and names what is wrong: %s', async (name, check, detail) => {
    const { exitCode, findings } = await lookAt(name);

    const problems = findings.filter(({ status }) => status === 'problem');
    expect(problems).toMatchObject([
      { check, detail: expect.stringContaining(detail), hint: expect.any(String) },
    ]);
    expect(exitCode).toBe(1);
  });

  it('and says who answers where no server is, and what is no address', async () => {
    const { findings } = await look(`${nginx.url}/ready`);
    expect(findings.at(-1)).toMatchObject({ check: 'address', status: 'problem' });
    expect(findings.at(-1)?.detail).toContain('nginx');

    const dead = await look(`http://127.0.0.1:${await findFreePort()}`);
    expect(dead.findings.at(-1)?.detail).toContain('ECONNREFUSED');
    const wrong = await runWheelhouse(['doctor', '--url', 'packages.example.com']);
    expect(wrong).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('packages.example.com is no URL'),
    });
  });
});

/** A root, an authority between, and certificates of 127.0.0.1 by it; all with one key. */
async function makeCertificates(): Promise<TemporaryDirectory> {
  const directory = await makeTemporaryDirectory();
  const openssl = (...args: string[]) => runChecked(['openssl', ...args], { cwd: directory.path });
  const write = (name: string, text: string) => writeFile(join(directory.path, name), text);
  await write('authority.ext', 'basicConstraints=critical,CA:TRUE\n');
  await write('here.ext', 'subjectAltName=IP:127.0.0.1\n');
  await write('elsewhere.ext', 'subjectAltName=DNS:elsewhere.example.com\n');
  for (const name of ['root', 'between', 'server']) {
    await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
  }
  const subject = (name: string) => ['-subj', `/O=Tests/CN=Tests ${name}`];
  await openssl('req', '-x509', '-key', 'root.key', '-out', 'root.pem', '-days', '90', ...subject('Root'));
  await openssl('req', '-new', '-key', 'between.key', '-out', 'between.csr', ...subject('Intermediate'));
  await openssl('req', '-new', '-key', 'server.key', '-out', 'server.csr', ...subject('Server'));
  const signer = (by: string) => ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
  const sign = (csr: string, by: string, ext: string, out: string, days: string) =>
    openssl('x509', '-req', '-in', csr, '-days', days, '-out', out, '-extfile', ext, ...signer(by));
  await sign('between.csr', 'root', 'authority.ext', 'between.pem', '90');
  await sign('server.csr', 'between', 'here.ext', 'leaf.pem', '60');
  await sign('server.csr', 'between', 'here.ext', 'expired-leaf.pem', '0');
  await sign('server.csr', 'between', 'elsewhere.ext', 'elsewhere-leaf.pem', '60');
  const itself = ['-key', 'server.key', '-out', 'itself.pem', '-days', '60', ...subject('Server')];
  await openssl('req', '-x509', ...itself, '-addext', 'subjectAltName=IP:127.0.0.1');
  const read = async (name: string) => `${(await openssl('x509', '-in', name)).stdout.trim()}\n`;
  for (const [out, leaf] of Object.entries({
    whole: 'leaf',
    expired: 'expired-leaf',
    elsewhere: 'elsewhere-leaf',
  })) {
    await write(`${out}.pem`, (await read(`${leaf}.pem`)) + (await read('between.pem')));
  }
  return directory;
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
