import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { required } from '../options.ts';
import { DEFAULT_SERVER, readSession } from '../session.ts';
import { passwordOption, readPassword } from '../read-password.ts';

export const command = defineCommand({
  summary: 'Log in to a server, for the commands that follow',
  args: { user: required('Name of the user') },
  options: {
    server: serverOption,
    password: passwordOption,
  },
  examples: [
    'wheelhouse login alice',
    'wheelhouse login root --server https://packages.example.com --password -',
  ],
  async run({ args: { user }, options }) {
    const { logIn } = await import('../log-in.ts');
    const server = options.server ?? (await readSession()).server ?? DEFAULT_SERVER;
    const password = await readPassword({ question: `Password of ${user}`, given: options.password });
    const { url } = await logIn(server, user, password);
    process.stderr.write(`logged in to ${url} as ${user}\n`);
    return 0;
  },
});
