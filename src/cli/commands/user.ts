import type { Client } from '../client/client.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { confirm } from '../confirm.ts';
import { defineCommand } from '../command.ts';
import { currentClient, currentUser, serverOption } from '../current-client.ts';
import { isCalledAsDevpi } from '../called-as.ts';
import { cliErrors } from '../errors.ts';
import { readKeyValues } from '../key-values.ts';
import { any, flag, optional } from '../options.ts';
import { printJson } from '../print-json.ts';
import { pythonText } from '../python-text.ts';
import { passwordOption, readPassword } from '../read-password.ts';

export const command = defineCommand({
  summary: 'Show, make, change or delete a user',
  args: {
    username: optional('Name of the user; default is who is logged in'),
    keyvalues: any('Fields: key=value, such as email=alice@example.com'),
  },
  options: {
    create: { ...flag('Make a user.'), short: 'c' },
    delete: flag('Delete a user, with all indexes.'),
    modify: { ...flag('Change fields of a user.'), short: 'm' },
    list: { ...flag('List the names of all users.'), short: 'l' },
    password: passwordOption,
    server: serverOption,
    yes: { ...flag('Answer yes to the question before a user is deleted.'), short: 'y' },
    dryRun: flag('Say what would be done, and do nothing.'),
    json: flag('Print JSON.'),
  },
  examples: [
    'wheelhouse user -c alice email=alice@example.com',
    'wheelhouse user -m alice title="Alice A."',
    'wheelhouse user -l',
    'wheelhouse user --delete alice',
  ],
  async run({ args, options }) {
    const { username, keyvalues } = args;
    if ((options.delete || options.create) && username === undefined) {
      throw new AppError(cliErrors.badArgument, 'need to specify a username');
    }
    const { password = options.password, ...fields } = readFields(keyvalues);
    const ways = { ...options, password };
    const isChange = keyvalues.length > 0 || options.modify;
    // Who may make a user, list and look is the server's to say.
    const isAnonymousEnough = options.create || options.list || (username !== undefined && !isChange);
    const client = await currentClient(options.server, { isAnonymousEnough });
    if (options.list) return await listUsers(client, options);
    const user = username ?? (await currentUser(options.server));
    if (options.create) return await createUser(client, user, fields, ways);
    if (options.delete) return await deleteUser(client, user, options);
    if (isChange) return await modifyUser(client, user, fields, ways);
    return await showUser(client, user, options);
  },
});

interface Ways {
  readonly password: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly yes: boolean;
}

/** Fields without a password, unless as devpi-client: every user of the machine sees the arguments of programs. */
function readFields(keyvalues: readonly string[]): Readonly<Record<string, string>> {
  const fields = readKeyValues(keyvalues);
  const isSecret = fields['password'] !== undefined || fields['pwhash'] !== undefined;
  if (!isSecret || isCalledAsDevpi()) return fields;
  throw new AppError(
    cliErrors.badArgument,
    'a password on the command line is seen by everybody on the machine',
    { hint: 'leave it out to be asked, or write it to stdin and give --password -' },
  );
}

async function listUsers(client: Client, { json }: Ways): Promise<number> {
  const { operations } = await import('#packages/contract');
  const { result } = await client.call(operations.listUsers, {});
  const names = Object.keys(result).toSorted();
  if (json) printJson(names.map((name) => result[name]));
  else process.stdout.write(names.map((name) => `${name}\n`).join(''));
  return 0;
}

async function showUser(client: Client, user: string, { json }: Ways): Promise<number> {
  const { operations } = await import('#packages/contract');
  const { result } = await client.call(operations.readUser, { params: { user } });
  if (json) {
    printJson(result);
    return 0;
  }
  const { indexes: _indexes, username: _username, ...shown } = result;
  const lines = Object.entries(shown)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `  ${key}=${pythonText(value)}\n`);
  process.stdout.write(`${client.url}/${encodeURIComponent(user)}:\n${lines.join('')}`);
  return 0;
}

async function createUser(
  client: Client,
  user: string,
  fields: Readonly<Record<string, string>>,
  { password: given, dryRun, json }: Ways,
): Promise<number> {
  const { operations } = await import('#accounts/contract');
  if (dryRun) {
    process.stderr.write(`would make the user ${user}\n`);
    return 0;
  }
  const password = await readPassword({ question: `New password of ${user}`, given, isNew: true });
  const body = { ...fields, password: password.reveal() };
  const { result } = await client.call(operations.createUser, { params: { user }, body });
  if (json) printJson(result);
  else process.stdout.write(`user created: ${user}\n`);
  return 0;
}

async function modifyUser(
  client: Client,
  user: string,
  fields: Readonly<Record<string, string>>,
  { password: given, dryRun, json }: Ways,
): Promise<number> {
  const { operations } = await import('#accounts/contract');
  const { operations: reading } = await import('#packages/contract');
  await client.call(reading.readUser, { params: { user } });
  const { pathname } = new URL(`${client.url}/${encodeURIComponent(user)}`);
  const shown = Object.entries({ ...fields, ...(given !== undefined && { password: '********' }) });
  const lines = shown
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${pathname} changing ${key}: ${value}\n`);
  (json ? process.stderr : process.stdout).write(lines.join(''));
  if (dryRun) return 0;
  const secret =
    given === undefined
      ? undefined
      : await readPassword({ question: `New password of ${user}`, given, isNew: true });
  const body = { ...fields, ...(secret !== undefined && { password: secret.reveal() }) };
  await client.call(operations.modifyUser, { params: { user }, body });
  if (json) printJson((await client.call(reading.readUser, { params: { user } })).result);
  else process.stdout.write(`user modified: ${user}\n`);
  return 0;
}

async function deleteUser(client: Client, user: string, { dryRun, yes }: Ways): Promise<number> {
  const { operations } = await import('#accounts/contract');
  process.stdout.write(`About to remove: ${client.url}/${encodeURIComponent(user)}\n`);
  if (dryRun || !(await confirm('Are you sure', { yes }))) return 0;
  await client.call(operations.deleteUser, { params: { user } });
  process.stdout.write(`user deleted: ${user}\n`);
  return 0;
}
