import { operations as accounts } from '#accounts/contract';
import { Secret } from '#kernel/config/secret.ts';
import { operations } from '#packages/contract';
import { Client } from '../client/client.ts';
import { logIn } from '../log-in.ts';
import type { Answers } from './questions.ts';

/** Does what was answered, and says each step when it is done. The session is that of the user afterwards. */
export async function carryOut(answers: Answers): Promise<void> {
  const { server, user, password, index, bases } = answers;
  const root = answers.rootPassword && (await setRootPassword(server, answers.rootPassword));
  if (answers.isNewUser) {
    // Root may make users where nobody else may.
    await (root ?? new Client(server)).call(accounts.createUser, {
      params: { user },
      body: { password: password.reveal() },
    });
    say(`made the user ${user}`);
  }
  const { client } = await logIn(server, user, password);
  say(`logged in as ${user}`);
  if (answers.isNewIndex) {
    await client.call(operations.createIndex, { params: { user, index }, body: { bases: [...bases] } });
    say(`made the index ${user}/${index}`);
  }
}

async function setRootPassword(server: string, password: Secret): Promise<Client> {
  const body = { user: 'root', password: '' };
  const { result } = await new Client(server).call(accounts.login, { body });
  const credentials = { kind: 'login', user: 'root', token: new Secret(result.password) } as const;
  const client = new Client(server, { credentials });
  await client.call(accounts.modifyUser, { params: { user: 'root' }, body: { password: password.reveal() } });
  say('set the password of root');
  return client;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
