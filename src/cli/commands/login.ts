import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { flag, required } from '../options.ts';
import { DEFAULT_SERVER } from '../default-server.ts';
import { passwordOption, readPassword } from '../read-password.ts';

export const command = defineCommand({
  summary: 'Log in to a server, for the commands that follow',
  args: { user: required('Name of the user') },
  options: {
    server: serverOption,
    password: passwordOption,
    json: flag('Print who is logged in, where and until when as JSON.'),
  },
  examples: [
    'wheelhouse login alice',
    'wheelhouse login root --server https://packages.example.com --password -',
  ],
  async run({ args: { user }, options }) {
    const { logIn } = await import('../log-in.ts');
    const { readSession } = await import('../session.ts');
    const { tellAccess } = await import('../tell-access.ts');
    const server = options.server ?? (await readSession()).server ?? DEFAULT_SERVER;
    const password = await readPassword({ question: `Password of ${user}`, given: options.password });
    const { client, seconds } = await logIn(server, user, password);
    const { index } = await readSession();
    if (options.json) {
      const { printJson } = await import('../print-json.ts');
      const expires = new Date(Date.now() + seconds * 1000).toISOString();
      printJson({ server: client.url, user, index: index ?? null, expires });
      return 0;
    }
    const place = index === undefined ? '' : ` at '${client.url}/${index}'`;
    const hours = (seconds / 3600).toFixed(2);
    process.stdout.write(`logged in '${user}'${place}, credentials valid for ${hours} hours\n`);
    if (index !== undefined) process.stdout.write(await tellAccess(client, index, true));
    return 0;
  },
});
