import { readServerUrl } from '../client/server-url.ts';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { DEFAULT_SERVER, loginAt, readSession, writeSession } from '../session.ts';

export const command = defineCommand({
  summary: 'Forget the login to a server',
  options: { server: serverOption },
  examples: ['wheelhouse logoff'],
  async run({ options }) {
    const session = await readSession();
    const server = readServerUrl(options.server ?? session.server ?? DEFAULT_SERVER);
    const login = loginAt(session, server);
    const others = (session.logins[server] ?? []).filter((each) => each !== login);
    const { [server]: _left, ...logins } = session.logins;
    await writeSession({
      ...session,
      logins: { ...logins, ...(others.length > 0 && { [server]: others }) },
    });
    process.stderr.write(
      login === undefined ? `not logged in to ${server}\n` : `logged off from ${server}\n`,
    );
    return 0;
  },
});
