import { AppError } from '#kernel/errors/app-error.ts';
import { confirm } from '../confirm.ts';
import { currentIndex, type CurrentIndex } from '../current-index.ts';
import { defineCommand } from '../command.ts';
import { currentClient, currentUser, serverOption } from '../current-client.ts';
import { cliErrors } from '../errors.ts';
import { any, flag, optional } from '../options.ts';
import { printJson } from '../print-json.ts';
import { readKeyValues } from '../key-values.ts';

export const command = defineCommand({
  summary: 'Show, make, change or delete an index',
  args: {
    indexname: optional('USER/INDEX, or INDEX of your own; default is the one in use'),
    keyvalues: any('Options: key=value, and for lists key+=value and key-=value'),
  },
  options: {
    create: { ...flag('Make an index.'), short: 'c' },
    delete: flag('Delete an index, with all that is on it.'),
    list: { ...flag('List the indexes of a user; default is who is logged in.'), short: 'l' },
    projects: { kind: 'negation', summary: 'Name the address that leaves the projects out.' },
    server: serverOption,
    yes: { ...flag('Answer yes to the question before an index is deleted.'), short: 'y' },
    dryRun: flag('Say what would be done, and do nothing.'),
    json: flag('Print JSON.'),
  },
  examples: [
    'wheelhouse index -c dev bases=root/pypi',
    'wheelhouse index alice/dev acl_upload+=bob',
    'wheelhouse index -l',
    'wheelhouse index --delete alice/dev',
  ],
  async run({ args, options }) {
    const isOption = args.indexname?.includes('=') === true;
    const name = isOption ? undefined : args.indexname;
    const changes =
      isOption && args.indexname !== undefined ? [args.indexname, ...args.keyvalues] : args.keyvalues;
    const values = readKeyValues(changes);
    if (options.list) return await listIndexes(name, options);
    if ((options.create || options.delete) && name === undefined) {
      throw new AppError(cliErrors.badArgument, 'need to explicitly specify index for deletion/creation');
    }
    if (options.delete && changes.length > 0) {
      throw new AppError(cliErrors.badArgument, 'cannot delete if you specify key=values');
    }
    const target = await currentIndex(name, options.server);
    if (options.delete) return await deleteIndex(target, options);
    if (options.create) return await createIndex(target, values, options);
    if (changes.length > 0) return await modifyIndex(target, changes, options);
    const address = options.projects ? target.url : `${target.url}?no_projects=`;
    const { showIndex } = await import('../show-index.ts');
    await showIndex(target, { address, json: options.json });
    return 0;
  },
});

interface Ways {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly yes: boolean;
  readonly server: string | undefined;
}

async function listIndexes(name: string | undefined, { server, json }: Ways): Promise<number> {
  const { operations } = await import('#packages/contract');
  const client = await currentClient(server, { isAnonymousEnough: name !== undefined });
  const user = name ?? (await currentUser(server));
  const { result } = await client.call(operations.readUser, { params: { user } });
  const names = Object.keys(result.indexes).toSorted();
  if (json) printJson(names.map((index) => ({ index: `${user}/${index}`, ...result.indexes[index] })));
  else process.stdout.write(names.map((index) => `${result.username}/${index}\n`).join(''));
  return 0;
}

async function createIndex(
  target: CurrentIndex,
  values: Readonly<Record<string, string>>,
  { dryRun, json }: Ways,
): Promise<number> {
  const { operations } = await import('#packages/contract');
  const { showIndex } = await import('../show-index.ts');
  const { client, user, index, url } = target;
  if (dryRun) {
    process.stderr.write(`would make ${url}\n`);
    return 0;
  }
  await client.call(operations.createIndex, { params: { user, index }, body: values });
  await showIndex(target, { address: `${url}?no_projects=`, json });
  return 0;
}

async function modifyIndex(
  target: CurrentIndex,
  changes: readonly string[],
  { dryRun, json }: Ways,
): Promise<number> {
  const { operations } = await import('#packages/contract');
  const { showIndex } = await import('../show-index.ts');
  const { client, user, index, url } = target;
  const { pathname } = new URL(url);
  const lines = changes.map((change) => `${pathname} ${change}\n`).join('');
  (json ? process.stderr : process.stdout).write(lines);
  if (dryRun) return 0;
  await client.call(operations.modifyIndex, { params: { user, index }, body: [...changes] });
  await showIndex(target, { address: `${url}?no_projects=`, json });
  return 0;
}

async function deleteIndex(
  { client, user, index, url }: CurrentIndex,
  { dryRun, yes }: Ways,
): Promise<number> {
  const { operations } = await import('#packages/contract');
  process.stdout.write(`About to remove: ${url}\n`);
  if (dryRun || !(await confirm('Are you sure', { yes }))) return 0;
  await client.call(operations.deleteIndex, { params: { user, index } });
  process.stdout.write(`index deleted: ${url}\n`);
  return 0;
}
