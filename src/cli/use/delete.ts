import { AppError } from '#kernel/errors/app-error.ts';
import { Client } from '../client/client.ts';
import { cliErrors } from '../errors.ts';
import { revokeReadToken } from '../installers/read-token.ts';
import { planRemoval } from '../installers/set-installers.ts';
import { printJson } from '../print-json.ts';
import { credentialsFor, forgetCurrent, readSession, type Session } from '../session.ts';
import { findScope } from './find-scope.ts';

/** Forgets what is in use, and takes it out of the installers. Throws `cli.no-index` if nothing is in use. */
export async function deleteCurrent({
  venv,
  dryRun,
  json,
}: {
  readonly venv: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}): Promise<number> {
  const session = await readSession();
  const { server } = session;
  if (server === undefined) throw new AppError(cliErrors.noIndex, 'NO configuration found');
  const plan = await planRemoval(findScope(venv, session.venv), server);
  const paths = plan.changes.map(({ path }) => path);
  if (dryRun) {
    if (json) printJson({ server, files: paths });
    else for (const path of paths) process.stderr.write(`would change ${path}\n`);
    return 0;
  }
  await plan.apply();
  await endToken(session, server);
  const { [server]: _ended, ...readTokens } = session.readTokens ?? {};
  const forgotten = await forgetCurrent({ ...session, readTokens });
  if (json) printJson({ server, files: [...paths, forgotten] });
  else {
    for (const path of paths) process.stderr.write(`took the index out of ${path}\n`);
    process.stdout.write(`REMOVED configuration at ${forgotten}\n`);
  }
  return 0;
}

/** The token is out of netrc already: that the server cannot be asked must not stop the rest. */
async function endToken(session: Session, server: string): Promise<void> {
  const token = session.readTokens?.[server];
  if (token === undefined) return;
  try {
    const client = new Client(server, { credentials: await credentialsFor(session, server) });
    await revokeReadToken(client, token);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(
      `the token of the installers is still valid (${error.message}); end it: wheelhouse token revoke ${token.id}\n`,
    );
  }
}
