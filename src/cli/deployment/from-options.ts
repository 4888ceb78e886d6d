import { join } from 'node:path';
import type { ProgramValue } from '../program.ts';
import { configFromOptions, serverOptions, stateOptions, wordsOfOptions } from '../programs/devpi-options.ts';
import { deploymentDirectory, plainPath } from './deployment.ts';
import { generateDeployment } from './generate-deployment.ts';

/** As the company's document lays out certificates. */
const CERTIFICATES = '/srv/ssl/devpi';

const options = [...stateOptions, ...serverOptions];

/**
 * Makes the deployment that options of devpi-server ask for, and prints what it does. Under devpi's name it is as in devpi 1.x: the lines
 * name what was installed then (eventlet answered requests; here nothing needs it), and who sets the first password of root may sit at
 * another machine.
 */
export async function generateFromOptions(
  given: Readonly<Record<string, ProgramValue | undefined>>,
  { isDevpi }: { readonly isDevpi: boolean },
): Promise<void> {
  const directory = deploymentDirectory(String(given['gendeploy']));
  const serverdir = plainPath(String(given['serverdir'] ?? join(directory, 'data')));
  const config = configFromOptions(options, { ...given, serverdir });
  // They stand elsewhere; the database's URL may hold a password, which no list of processes may show.
  const others = { ...given, port: undefined, serverdir: undefined, storage: undefined };
  const deployment = {
    directory,
    port: config.port,
    host: config.host,
    outsideUrl: new URL(config['outside-url'] ?? 'http://localhost'),
    options: wordsOfOptions(options, others),
    serverdir: config.serverdir,
    database: typeof config.database === 'string' ? undefined : config.database,
    certificates: plainPath(String(given['certificates'] ?? CERTIFICATES)),
    allowEmptyRootPassword: isDevpi,
  };
  const installed = isDevpi ? 'devpi-server,supervisor,eventlet' : 'devpi-server,supervisor';
  await generateDeployment(deployment, installed, (line) => process.stdout.write(`${line}\n`));
}
