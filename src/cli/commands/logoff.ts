import { readServerUrl } from '../client/server-url.ts';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { DEFAULT_SERVER, readSession, writeSession } from '../session.ts';

export const command = defineCommand({
  summary: 'Forget the login to a server',
  options: { server: serverOption },
  examples: ['wheelhouse logoff'],
  async run({ options }) {
    const session = await readSession();
    const server = readServerUrl(options.server ?? session.server ?? DEFAULT_SERVER);
    const { [server]: login, ...logins } = session.logins;
    await writeSession({ ...session, logins });
    process.stderr.write(
      login === undefined ? `not logged in to ${server}\n` : `logged off from ${server}\n`,
    );
    return 0;
  },
});
