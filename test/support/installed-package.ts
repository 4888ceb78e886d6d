import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { run } from '#kernel/process/run.ts';
import { findProgram } from './clients.ts';

const root = join(import.meta.dirname, '..', '..');

/**
 * The prefix below which this checkout is installed, packed as it is published, and its program; installed once in a run, so nobody may
 * change it.
 */
export async function installedPackage(): Promise<{ readonly prefix: string; readonly program: string }> {
  const prefix = join(inject('built'), 'prefix');
  if (!existsSync(prefix)) {
    await installPackage(`${prefix}.part`);
    await rename(`${prefix}.part`, prefix);
  }
  return { prefix, program: join(prefix, 'bin', 'wheelhouse') };
}

async function installPackage(prefix: string): Promise<void> {
  await rm(prefix, { recursive: true, force: true });
  await mkdir(prefix, { recursive: true });
  await rm(join(root, 'dist'), { recursive: true, force: true });
  const packed = JSON.parse(await npm('pack', '--json', '--pack-destination', prefix)) as [
    { filename: string },
  ];
  const tarball = join(prefix, packed[0].filename);
  await npm('install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', tarball);
}

const NPM_TRIES = 3;
const NPM_TRY_MS = 80_000;

/**
 * Runs the npm of the machine in the checkout; throws with what it said if it fails. npm may wait for ever although it has
 * everything in its cache, so a run that does not end is tried again.
 */
async function npm(...args: string[]): Promise<string> {
  const path = findProgram('npm');
  if (path === undefined) throw new Error('npm is not on this machine');
  for (let tried = 1; ; tried += 1) {
    const ended = run([path, ...args], { cwd: root, timeoutMs: NPM_TRY_MS });
    if (tried < NPM_TRIES && (await ended.catch(() => undefined)) === undefined) continue;
    const { exitCode, stdout, stderr } = await ended;
    if (exitCode === 0) return stdout;
    throw new Error(`npm ${args.join(' ')} exited with ${exitCode}\n${stdout}\n${stderr}`);
  }
}
