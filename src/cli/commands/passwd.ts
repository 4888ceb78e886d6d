import type { Secret } from '#kernel/config/secret.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { cliErrors } from '../errors.ts';
import { flag, optional } from '../options.ts';
import { passwordOption, readPassword } from '../read-password.ts';
import { DEFAULT_SERVER } from '../default-server.ts';
import { resetLocally } from '../reset-locally.ts';

export const command = defineCommand({
  summary: 'Change the password of a user',
  settings: ['serverdir', 'database', 'files-directory'],
  args: { user: optional('Name of the user; default is who is logged in, or root') },
  options: {
    server: serverOption,
    local: flag('Change it in the server directory, whether a server runs there or not; needs no password.'),
    password: passwordOption,
  },
  examples: [
    'wheelhouse passwd',
    'wheelhouse passwd alice',
    'wheelhouse passwd root --local --serverdir /srv/wheelhouse',
  ],
  async run({ args, options, config }) {
    if (options.local) {
      // The login is left alone: as the server's user, with the home of another, it could not be read.
      await resetLocally(config(), { user: args.user ?? 'root', given: options.password });
      return 0;
    }
    const { readServerUrl } = await import('../client/server-url.ts');
    const { credentialsFor, loginAt, readSession } = await import('../session.ts');
    const session = await readSession();
    const server = readServerUrl(options.server ?? session.server ?? DEFAULT_SERVER);
    const user = args.user ?? loginAt(session, server)?.user ?? 'root';
    const { operations } = await import('#accounts/contract');
    const { Client } = await import('../client/client.ts');
    const { keepLogin, logIn } = await import('../log-in.ts');
    const credentials = await credentialsFor(session, server);
    if (credentials === undefined && options.password !== undefined) {
      // Stdin has the new password, so the present one cannot come from there.
      throw new AppError(cliErrors.notLoggedIn, `nobody is logged in to ${server}`, {
        hint: `log in first: wheelhouse login ${user} --server ${server} --password -`,
      });
    }
    const client =
      credentials === undefined
        ? (
            await logIn(
              server,
              user,
              await readPassword({ question: `Present password of ${user}`, given: undefined }),
            )
          ).client
        : new Client(server, { credentials });
    const password = await readNew(user, options.password);
    const answer = await client.call(operations.modifyUser, {
      params: { user },
      body: { password: password.reveal() },
    });
    // A changed password ends every login but the one that changed it, and the server gives a fresh one.
    const isOwn = credentials === undefined || (credentials.kind === 'login' && credentials.user === user);
    if ('result' in answer && isOwn) await keepLogin(server, user, answer.result);
    const { pathname } = new URL(`${server}/${encodeURIComponent(user)}`);
    process.stdout.write(`${pathname} changing password: ********\nuser modified: ${user}\n`);
    return 0;
  },
});

async function readNew(user: string, given: string | undefined): Promise<Secret> {
  return await readPassword({ question: `New password of ${user}`, given, isNew: true });
}
