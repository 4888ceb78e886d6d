import { userInfo } from 'node:os';
import { operations as accounts } from '#accounts/contract';
import { Secret } from '#kernel/config/secret.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { operations } from '#packages/contract';
import { Client } from '../client/client.ts';
import { findServer } from '../client/find-server.ts';
import { readServerUrl } from '../client/server-url.ts';
import { readPassword } from '../read-password.ts';
import { ask, askYesNo } from './ask.ts';

/** What somebody wants who sets up, and what is there already. */
export interface Answers {
  readonly server: string;
  /** Set where root has none yet. */
  readonly rootPassword: Secret | undefined;
  readonly user: string;
  readonly password: Secret;
  readonly isNewUser: boolean;
  readonly index: string;
  readonly isNewIndex: boolean;
  /** Of a new index. */
  readonly bases: readonly string[];
  readonly isSet: boolean;
}

const MIRROR = 'root/pypi';

/** Asks everything, and the server what is there; changes nothing. */
export async function askQuestions(known: string): Promise<Answers> {
  const server = await askServer(known);
  const client = new Client(server);
  const rootPassword = (await hasEmptyPassword(client))
    ? await newPassword('root has no password yet, so anybody is root. New password of root')
    : undefined;
  const user = await ask('Your user name', { fallback: ownName(), check: checkName });
  const isNewUser = !(await exists(() => client.call(operations.readUser, { params: { user } })));
  const password = isNewUser
    ? await newPassword(`${user} will be made. New password of ${user}`)
    : await askPassword(client, user);
  const own = isNewUser ? client : await loggedIn(client, user, password);
  const index = await ask('Name of an index for your packages', { fallback: 'dev', check: checkName });
  const isNewIndex = isNewUser || !(await hasIndex(own, user, index));
  const hasMirror = await hasIndex(client, 'root', 'pypi');
  const isBased =
    isNewIndex && hasMirror && (await askYesNo(`Show what PyPI has beside them, through ${MIRROR}`, 'yes'));
  const isSet = await askYesNo('Set pip, uv, poetry, pdm and twine of this account to it', 'yes');
  return {
    server,
    rootPassword,
    user,
    password,
    isNewUser,
    index,
    isNewIndex,
    bases: isBased ? [MIRROR] : [],
    isSet,
  };
}

/** Until a server answers: an address is easily mistyped. */
async function askServer(known: string): Promise<string> {
  for (;;) {
    const given = await ask('URL of the server', { fallback: known, check: problemOfUrl });
    try {
      return (await findServer(new Client(given), given)).server;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      process.stderr.write(`${error.message}\n${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`);
    }
  }
}

/** Until it is right, but not for ever: the server counts. */
async function askPassword(client: Client, user: string): Promise<Secret> {
  for (let attempt = 1; ; attempt += 1) {
    const password = await readPassword({ question: `Password of ${user}`, given: undefined });
    try {
      await loggedIn(client, user, password);
      return password;
    } catch (error) {
      if (!(error instanceof AppError) || error.kind.status !== 401 || attempt === 3) throw error;
      process.stderr.write(`${error.message}\n`);
    }
  }
}

async function newPassword(question: string): Promise<Secret> {
  for (;;) {
    try {
      return await readPassword({ question, given: undefined, isNew: true });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      process.stderr.write(`${error.message}\n`);
    }
  }
}

async function hasEmptyPassword(client: Client): Promise<boolean> {
  try {
    await client.call(accounts.login, { body: { user: 'root', password: '' } });
    return true;
  } catch (error) {
    if (error instanceof AppError && error.kind.status >= 400 && error.kind.status < 500) return false;
    throw error;
  }
}

async function loggedIn(client: Client, user: string, password: Secret): Promise<Client> {
  const { result } = await client.call(accounts.login, { body: { user, password: password.reveal() } });
  return new Client(client.url, { credentials: { kind: 'login', user, token: new Secret(result.password) } });
}

async function hasIndex(client: Client, user: string, index: string): Promise<boolean> {
  const query = { no_projects: '' };
  return await exists(() => client.call(operations.readIndex, { params: { user, index }, query }));
}

async function exists(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    const { status = 0 } = error instanceof AppError ? error.kind : {};
    if (status === 404) return false;
    // It is there, and not for strangers.
    if (status === 401 || status === 403) return true;
    throw error;
  }
}

function ownName(): string | undefined {
  const { username } = userInfo();
  return username === 'root' || checkName(username) !== undefined ? undefined : username;
}

function checkName(name: string): string | undefined {
  return /^[\w.@-]+$/.test(name) && name !== 'root' ? undefined : `${name} cannot be used as a name here`;
}

function problemOfUrl(given: string): string | undefined {
  try {
    readServerUrl(given);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
