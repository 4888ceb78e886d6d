import { existsSync } from 'node:fs';
import { lstat, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AppError } from '#kernel/errors/app-error.ts';
import { run } from '#kernel/process/run.ts';
import { cliErrors } from '../errors.ts';
import { programs } from '../programs.ts';
import { writePart } from '../write-part.ts';
import { copyProgram, runningProgram } from './copy-program.ts';
import { crontabWithReboot } from './crontab.ts';
import { placesOf, type Deployment } from './deployment.ts';
import { nginxSite } from './nginx-site.ts';
import { settingsFile } from './settings-file.ts';
import { controlProgram, supervisorConfig } from './supervisor-files.ts';
import { ensureVirtualEnvironment, installSupervisor } from './virtual-environment.ts';

/**
 * Makes a deployment, or makes it anew with the data that it has: a virtual environment with supervisor, the program with its
 * Node, configuration for supervisor, nginx and cron, and a server directory. Nothing is started. The lines are those of
 * `devpi-server --gendeploy` of devpi 1.x, word for word.
 */
export async function generateDeployment(
  deployment: Deployment,
  /** What is installed, as the line about it names it. */
  installed: string,
  say: (line: string) => void,
): Promise<void> {
  const { directory } = deployment;
  const places = placesOf(deployment);
  // Told before anything is touched.
  const texts = { supervisor: supervisorConfig(deployment), nginx: nginxSite(deployment) };
  const names = ['wheelhouse', ...programs.map(({ name }) => name)];
  for (const name of names) await refuseForeign(join(places.bin, name), join(directory, 'lib'));
  await stop(places.control);
  await ensureVirtualEnvironment(directory, say);
  say(`installing ${installed} into virtualenv`);
  await installSupervisor(directory);
  for (const name of ['etc', 'lib', 'log']) await mkdir(join(directory, name), { recursive: true });
  await copyProgram(await runningProgram(), places.program);
  for (const name of names) await link(join(places.program, 'wheelhouse'), join(places.bin, name));
  await makeServerDirectory(deployment);

  // The options may name what others need not know.
  await write(places.supervisorConfig, texts.supervisor, 0o600, say);
  await write(places.nginxConfig, texts.nginx, 0o644, say);
  await write(places.control, controlProgram(deployment), 0o755, say);
  const crontab = await crontabWithReboot(deployment);
  if (crontab !== undefined) await write(places.crontab, crontab, 0o600, say);
  for (const line of closingLines(deployment, crontab !== undefined)) say(line);
}

/** A program that something else has put there is not replaced. */
async function refuseForeign(path: string, ours: string): Promise<void> {
  const entry = await lstat(path).catch(() => undefined);
  if (entry === undefined || (entry.isSymbolicLink() && existsSync(ours))) return;
  throw new AppError(cliErrors.badDeployment, `${path} is there already, and is not from a deployment`, {
    hint: 'uninstall it there, or name another directory',
  });
}

/** What runs there has files open that are about to be replaced. */
async function stop(control: string): Promise<void> {
  if (!existsSync(control)) return;
  const { exitCode, stdout, stderr } = await run([control, 'shutdown'], { timeoutMs: 60_000 });
  if (exitCode === 0) return;
  throw new AppError(cliErrors.badDeployment, `the deployment does not stop: ${stdout}${stderr}`, {
    hint: `stop it: ${control} shutdown`,
  });
}

/** With a relative target: the deployment is found through whatever path leads to it. */
async function link(target: string, path: string): Promise<void> {
  await rm(`${path}.part`, { force: true });
  await symlink(relative(join(path, '..'), target), `${path}.part`);
  await rename(`${path}.part`, path);
}

/** One that is there is left as it is. */
async function makeServerDirectory(deployment: Deployment): Promise<void> {
  const { serverdir, database } = deployment;
  if (existsSync(join(serverdir, '.lock'))) return;
  await mkdir(serverdir, { recursive: true, mode: 0o700 });
  const settings = join(serverdir, 'wheelhouse.yml');
  if (!existsSync(settings))
    await rename(await writePart(settings, settingsFile(deployment), 0o600), settings);
  // What is in another database needs no directory of ours to be there.
  if (database !== undefined) return;
  // By the copy, which so proves that it runs.
  const { exitCode, stderr } = await run([
    join(placesOf(deployment).bin, 'devpi-init'),
    '--serverdir',
    serverdir,
  ]);
  if (exitCode !== 0) throw new AppError(cliErrors.badDeployment, `${serverdir}: ${stderr.trim()}`);
}

async function write(path: string, text: string, mode: number, say: (line: string) => void): Promise<void> {
  await rename(await writePart(path, text, mode), path);
  say(`wrote ${path}`);
}

function closingLines(deployment: Deployment, hasCrontab: boolean): readonly string[] {
  const { control, crontab, nginxConfig } = placesOf(deployment);
  return [
    `created and configured ${deployment.directory}`,
    `To control supervisor's deployment of devpi-server set:`,
    '',
    `    alias devpi-ctl='${control}'`,
    '',
    'and then start the server process:',
    '',
    '    devpi-ctl start all',
    ...(hasCrontab
      ? [
          'It seems you are using "cron", so we created a crontab file',
          ' which starts devpi-server at boot. With:',
          '',
          `    crontab ${crontab}`,
          '',
          'you should be able to install the new crontab but please check it',
          'first.',
          '',
        ]
      : ['']),
    'We prepared an nginx configuration at:',
    '',
    `    ${nginxConfig}`,
    '',
    'which you might modify and copy to your /etc/nginx/sites-enabled',
    'directory.',
    '',
    'may quick reliable pypi installations be with you :)',
  ];
}
