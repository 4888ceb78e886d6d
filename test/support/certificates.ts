import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecked } from './run-command.ts';

export interface TestAuthority {
  readonly directory: string;
  /** The PEM file of the authority. */
  readonly caFile: string;
  /** Of a server on localhost and 127.0.0.1, or on the names that were given. */
  readonly key: string;
  readonly cert: string;
}

/** An authority that nobody trusts, and a certificate of a local server by it; openssl makes both. */
export async function testAuthority(
  name: string,
  names = 'DNS:localhost,IP:127.0.0.1',
): Promise<TestAuthority> {
  const directory = await mkdtemp(join(tmpdir(), 'authority-'));
  const openssl = (...args: string[]) => runChecked(['openssl', ...args], { cwd: directory });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    `/O=Tests/CN=${name}`,
  );
  await openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  await writeFile(join(directory, 'names'), `subjectAltName=${names}\n`);
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  await openssl('x509', '-req', '-in', 'server.csr', ...signing, '-days', '2', '-out', 'server.pem');
  const read = (file: string) => readFile(join(directory, file), 'utf8');
  return {
    directory,
    caFile: join(directory, 'ca.pem'),
    key: await read('server.key'),
    cert: await read('server.pem'),
  };
}
