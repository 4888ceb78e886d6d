import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, vi } from 'vitest';
import { environment } from '#kernel/config/environment.ts';
import { builtWheels } from '#test/built-wheel.ts';
import { cleanEnvironment, networkVariables } from '#test/clean-environment.ts';
import { clientPath } from '#test/clients.ts';
import { request, wheelUpload } from '#test/index-api.ts';
import { machineEnvironment } from '#test/machine-environment.ts';
import { writeOwnCrontab } from '#test/own-crontab.ts';
import { openShell, type Shell } from '#test/shell.ts';
import type { Client } from './replay.ts';

const network = Object.fromEntries(
  networkVariables.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value]];
  }),
);

/** The shell of who runs a server: with a crontab of its own, and pip that finds our wheel where it is. */
export async function openServerShell(directory: string, programs: readonly string[]): Promise<Shell> {
  const bin = join(directory, 'machine');
  await mkdir(bin);
  await writeOwnCrontab(bin);
  return await openShell(directory, {
    ...machineEnvironment,
    ...network,
    PATH: [bin, ...programs, machineEnvironment['PATH']].join(':'),
    PIP_FIND_LINKS: [environment['PIP_FIND_LINKS'] ?? '', await builtWheels()].join(' '),
    PIP_ROOT_USER_ACTION: 'ignore',
    // Asks the index of the machine, which is set before anything is asked for.
    WHEELHOUSE_OFFLINE: 'no',
  });
}

/** The shell of who uses a server, at a machine of their own, where nothing is configured. */
export async function openWorkstation(
  directory: string,
  devpi: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Shell> {
  const home = join(directory, 'home');
  await mkdir(home, { recursive: true });
  return await openShell(directory, {
    ...cleanEnvironment,
    ...network,
    HOME: home,
    PATH: [dirname(devpi), cleanEnvironment['PATH']].join(':'),
    NO_COLOR: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_CACHE_DIR: '1',
    PIP_ROOT_USER_ACTION: 'ignore',
    PYTHON_KEYRING_BACKEND: 'keyring.backends.null.Keyring',
    ...env,
  });
}

/** Where a client is called `devpi`; ours by the links that an installation makes beside itself. */
export async function devpiOf(client: Client, installed: Shell, links: string): Promise<string> {
  if (client === 'devpi-client') return clientPath('devpi');
  await succeed(installed, `wheelhouse link-old-names '${links}'`);
  return join(links, 'devpi');
}

/** Project pages only: nobody needs the names of all projects here, so nothing may fetch them. */
export async function nameUpstream(server: { readonly url: string }, upstream: string): Promise<void> {
  const patch = { mirror_no_project_list: true, mirror_url: upstream };
  const answer = await request(server, 'PATCH', '/root/pypi', { user: 'root', password: '' }, patch);
  expect(answer.status, answer.text).toBe(200);
}

/** Uploads a package of one's own, and installs it and a public one, by what the client has configured for this pip. */
export async function installOwnAndPublic(workstation: Shell, pip: string, index: string): Promise<void> {
  const { filename, bytes } = wheelUpload();
  const directory = (await workstation.type('pwd')).stdout.trim();
  await writeFile(join(directory, filename), bytes);
  await succeed(workstation, `devpi upload ${filename}`);
  await succeed(workstation, `${pip} install --report report.json demo iniconfig`);
  const { install } = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')) as PipReport;
  const urls = install.map((each) => decodeURIComponent(each.download_info.url).replace(/\/[^/]*$/, ''));
  expect(urls).toEqual([
    expect.stringContaining(`${index}/+f/`),
    expect.stringContaining(new URL('/root/pypi/+f/', index).href),
  ]);
}

interface PipReport {
  readonly install: readonly { readonly download_info: { readonly url: string } }[];
}

/** Types what no document has. */
export async function succeed(shell: Shell, line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await shell.type(line);
  expect(exitCode, `${line}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

/** Waits until the server of a URL answers. */
export async function untilItServes(server: { readonly url: string }): Promise<void> {
  const ask = async () => expect((await request(server, 'GET', '/+api')).status).toBe(200);
  await vi.waitFor(ask, { timeout: 60_000 });
}
