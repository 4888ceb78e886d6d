import { once } from 'node:events';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testAuthority, type TestAuthority } from '#test/certificates.ts';
import { wheelFile } from '#test/fixture-index.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { startServer } from '#test/server.ts';

const AUTHORITY = 'Acme Test Root CA';
const UNTRUSTED = `comes from "${AUTHORITY}", an authority that this machine does not trust (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`;
const HINT = 'hint: add that authority to the certificate store of the system';

/** An index and a server of Wheelhouse at once, as far as these tests ask. */
function answer(path: string): unknown {
  if (path.includes('/+why/')) return { index: 'root/pypi', project: 'demo', isVisible: true, indexes: [] };
  const { filename } = wheelFile();
  return { meta: { 'api-version': '1.0' }, name: 'demo', files: [{ filename, url: filename, hashes: {} }] };
}

describe('an https server whose certificate is of a company’s own authority', () => {
  let authority: TestAuthority;
  let server: Server;
  let host: string;
  let ways: Readonly<Record<string, Readonly<Record<string, string>>>>;

  beforeAll(async () => {
    authority = await testAuthority(AUTHORITY);
    const directory = join(authority.directory, 'store');
    await mkdir(directory);
    await copyFile(authority.caFile, join(directory, 'acme.pem'));
    ways = {
      SSL_CERT_FILE: { SSL_CERT_FILE: authority.caFile },
      SSL_CERT_DIR: { SSL_CERT_DIR: directory },
      NODE_EXTRA_CA_CERTS: { NODE_EXTRA_CA_CERTS: authority.caFile },
      'ca-file': { WHEELHOUSE_CA_FILE: authority.caFile },
    };
    server = createServer(authority, (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer(request.url ?? '')));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `localhost:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(authority.directory, { recursive: true });
  });

  const why = (env: Readonly<Record<string, string>>) =>
    runWheelhouse(['why', `https://${host}/root/pypi`, 'demo'], { env });

  it('is refused by `why`, which names the authority', async () => {
    const { exitCode, stderr } = await why({});

    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`error: the certificate of ${host} ${UNTRUSTED}`);
    expect(stderr).toContain(HINT);
  });

  it('is refused by `prime`, which names the authority', async () => {
    const lock = join(authority.directory, 'requirements.txt');
    await writeFile(lock, 'demo==1.0\n');

    const { exitCode, stderr } = await runWheelhouse(['prime', lock, '--index', `https://${host}/root/pypi`]);

    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`error: the certificate of ${host} ${UNTRUSTED}`);
    expect(stderr).toContain(HINT);
  });

  it.each(['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'ca-file'])(
    'is trusted by commands with %s',
    async (way) => {
      const { exitCode, stdout, stderr } = await why(ways[way] ?? {});

      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain('demo is seen on root/pypi');
    },
  );

  it.each([
    ['nothing', undefined],
    ['SSL_CERT_FILE', 'SSL_CERT_FILE'],
    ['ca-file', 'ca-file'],
  ])('is mirrored as trust allows with %s', async (_what, way) => {
    const env = {
      ...(way !== undefined && ways[way]),
      WHEELHOUSE_OFFLINE: 'no',
      // Only the mirror below is ever asked for.
      HTTP_PROXY: '',
      HTTPS_PROXY: '',
    };
    await using wheelhouse = await startServer({ env });
    const login = await fetch(`${wheelhouse.url}/+login`, {
      method: 'POST',
      body: JSON.stringify({ user: 'root', password: '' }),
    });
    const { result } = (await login.json()) as { readonly result: { readonly password: string } };
    const token = Buffer.from(`root:${result.password}`).toString('base64');
    const made = await fetch(`${wheelhouse.url}/root/company`, {
      method: 'PUT',
      headers: { 'x-devpi-auth': token },
      body: JSON.stringify({ type: 'mirror', mirror_url: `https://${host}/simple/` }),
    });
    expect(made.status, await made.text()).toBe(200);

    const { stdout } = await runWheelhouse(['why', `${wheelhouse.url}/root/company`, 'demo']);

    if (way === undefined) expect(stdout).toContain(`not known: the certificate of ${host} ${UNTRUSTED}`);
    else expect(stdout).toContain('demo is seen on root/company');
  });

  it('does not start a server whose ca-file is no file of certificates', async () => {
    const serverdir = join(authority.directory, 'server');
    const wrong = join(authority.directory, 'names');

    const { exitCode, stderr } = await runWheelhouse(['serve', '--serverdir', serverdir], {
      env: { WHEELHOUSE_CA_FILE: wrong },
    });

    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`error: ca-file: ${wrong} has no certificate`);
  });
});
