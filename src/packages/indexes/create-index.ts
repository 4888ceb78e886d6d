import type { Identity } from '#kernel/identity.ts';
import { checkName, getUser } from '#accounts';
import type { PackagesContext } from '../context.ts';
import type { Db } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { authorizeReading, mayRead, policy } from '../policy.ts';
import { packagesConfig } from '../settings.ts';
import { checkOptionLimits } from './option-limits.ts';
import { defaultOptions, invalid, parseIndexType, parseOptions } from './options.ts';
import { findIndex, insertIndex } from './store.ts';
import { fullName, listOption, type Index, type Options, type OptionValue } from '../model/index.ts';

export interface CreateIndex {
  readonly identity: Identity;
  readonly user: string;
  readonly name: string;
  /** The options as given, with `type` (default `stage`). */
  readonly given: Options;
}

/** Creates an index and emits `packages.index-created`. Throws 403, 404, 409 or 400 in devpi's words. */
export async function createIndex(
  context: PackagesContext,
  { identity, user, name, given }: CreateIndex,
): Promise<Index> {
  // Before the permission, as devpi answers: who the users are is no secret.
  await getUser(context.db, user);
  const subject = { user, name: `${user}/${name}` };
  policy.authorize(context, identity, 'packages.create-index', subject);
  checkName(packagesErrors.invalidIndex, 'indexname', name);
  const type = parseIndexType(given['type'] ?? 'stage');
  if (type === 'mirror') policy.authorize(context, identity, 'packages.choose-upstream', subject);
  const options: Record<string, OptionValue> = {
    ...defaultOptions(type, user),
    ...parseOptions(type, given),
  };
  checkOptionLimits(context.config, options);
  const isTrusted = identity.user === 'root';
  return await context.events.change(async (tx, emit) => {
    const confirmed = await context.accounts.confirm(tx, identity);
    await getUser(tx, user);
    if (type === 'stage' && given['bases'] === undefined) {
      options['bases'] = await defaultBases(context, tx, confirmed);
    }
    const index = await insertIndex(tx, { user, name, type, options, isTrusted }, context.clock.now());
    if (index === undefined) throw new AppError(packagesErrors.indexExists, `index '${user}/${name}' exists`);
    await checkBases(context, tx, { identity: confirmed, bases: listOption(index, 'bases') });
    emit(packagesEvents.indexCreated, {
      actor: identity.user ?? null,
      about: index.id,
      data: { index: fullName(index) },
    });
    return index;
  });
}

/** Those of the setting that may be named; somebody who names none must not be refused for one. */
async function defaultBases(
  { config }: Pick<PackagesContext, 'config'>,
  db: Db,
  identity: Identity,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const base of packagesConfig(config)['packages.default-bases']) {
    const [user = '', name = ''] = base.split('/');
    const index = await findIndex(db, user, name);
    if (index !== undefined && mayRead({ config }, identity, index)) found.push(base);
  }
  return found;
}

/**
 * Throws 400 unless every base is written `user/index` and exists; an index may name itself. Throws 403 for one that was not
 * `known` as a base before and that its namer may not read: a base hides mirrors' projects by its own, whoever reads, so that
 * with a mirror of one's own beside it one could ask what it has.
 */
export async function checkBases(
  context: Pick<PackagesContext, 'config'>,
  db: Db,
  {
    identity,
    bases,
    known = [],
  }: { readonly identity: Identity; readonly bases: readonly string[]; readonly known?: readonly string[] },
): Promise<void> {
  const problems: string[] = [];
  const added: Index[] = [];
  for (const base of bases) {
    const [user, name, ...rest] = base.split('/');
    if (!user || !name || rest.length > 0) {
      problems.push(`invalid base index spec: '${base}'`);
      continue;
    }
    const index = await findIndex(db, user, name);
    if (index === undefined) problems.push(`base index '${base}' does not exist`);
    else if (!known.includes(base)) added.push(index);
  }
  if (problems.length > 0) throw invalid(problems.join(', '));
  for (const index of added) authorizeReading(context, identity, index);
}
