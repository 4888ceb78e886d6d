import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { DEFAULT_SERVER } from '../default-server.ts';

export const command = defineCommand({
  summary: 'Forget the login to a server',
  options: { server: serverOption },
  examples: ['wheelhouse logoff'],
  async run({ options }) {
    const { readServerUrl } = await import('../client/server-url.ts');
    const { findKeyring } = await import('../keyring.ts');
    const { loginAt, readSession, writeSession } = await import('../session.ts');
    const session = await readSession();
    const server = readServerUrl(options.server ?? session.server ?? DEFAULT_SERVER);
    const login = loginAt(session, server);
    if (login === undefined) {
      process.stdout.write('not logged in\n');
      return 0;
    }
    const { [server]: logins = [], ...elsewhere } = session.logins;
    const others = logins.filter((each) => each !== login);
    await writeSession({
      ...session,
      logins: { ...elsewhere, ...(others.length > 0 && { [server]: others }) },
    });
    if (login.token === undefined) await findKeyring()?.remove({ server, user: login.user });
    process.stdout.write('login information deleted\n');
    return 0;
  },
});
