import { run } from '#kernel/process/run.ts';
import { placesOf, type Deployment } from './deployment.ts';

/**
 * The table of this user with a line that starts the deployment at boot; every line that was there is kept. Undefined where
 * nothing reads such tables.
 */
export async function crontabWithReboot(deployment: Deployment): Promise<string | undefined> {
  const line = `@reboot ${placesOf(deployment).control} start all`;
  const listed = await run(['crontab', '-l']).catch(() => undefined);
  if (listed === undefined) return undefined;
  // Whoever has no table yet is told so with a failure.
  const present = listed.exitCode === 0 ? listed.stdout : '';
  if (present.split('\n').includes(line)) return present;
  return `${present}${present === '' || present.endsWith('\n') ? '' : '\n'}${line}\n`;
}
