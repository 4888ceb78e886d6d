import { isDeepStrictEqual } from 'node:util';
import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import { packagesEvents } from '../events.ts';
import { policy } from '../policy.ts';
import { checkBases } from './create-index.ts';
import { indexNotFound } from './find.ts';
import { checkEntries, checkOptionLimits } from './option-limits.ts';
import { invalid } from './options.ts';
import { patchOptions } from './patch-options.ts';
import { lockIndex, updateIndex } from './store.ts';
import { fullName, listOption, type Index } from '../model/index.ts';

export interface ModifyIndex {
  readonly identity: Identity;
  readonly user: string;
  readonly name: string;
  readonly body: unknown;
  /** Options that the index shall have no longer, after the body. */
  readonly drop?: readonly string[];
  /** 400 instead of silence when nothing changes. */
  readonly errorOnNoop: boolean;
}

/** Changes options and emits `packages.index-modified` if any differs. */
export async function modifyIndex(context: PackagesContext, input: ModifyIndex): Promise<Index> {
  const { identity, user, name, body, drop = [], errorOnNoop } = input;
  const subject = { user, name: `${user}/${name}` };
  policy.authorize(context, identity, 'packages.modify-index', subject);
  if (Array.isArray(body)) checkEntries(context.config, 'operations', body);
  return await context.events.change(async (tx, emit) => {
    const confirmed = await context.accounts.confirm(tx, identity);
    const index = await lockIndex(tx, user, name);
    if (index === undefined) throw indexNotFound(user, name);
    const patched = { type: index.type, owner: user };
    const set = patchOptions({ ...patched, options: index.options }, body);
    const options = patchOptions(
      { ...patched, options: set },
      drop.map((key) => `${key}-=`),
    );
    checkOptionLimits(context.config, options);
    const changed = Object.keys({ ...index.options, ...options }).filter(
      (key) => !isDeepStrictEqual(index.options[key], options[key]),
    );
    const address = index.type === 'mirror' ? 'mirror_url' : 'uploadtrigger_jenkins';
    const isChosen = changed.includes(address) || setsOption(address, body);
    if (isChosen && index.type === 'mirror')
      policy.authorize(context, identity, 'packages.choose-upstream', subject);
    // What another than root writes into the URL is not root's choice any more.
    const isTrusted = isChosen
      ? identity.user === 'root' || (index.isTrusted && !changed.includes(address))
      : index.isTrusted;
    if (changed.length === 0 && isTrusted === index.isTrusted) {
      if (errorOnNoop) throw invalid('The requested modifications resulted in no changes');
      return index;
    }
    const modified = { ...index, options, isTrusted };
    const known = listOption(index, 'bases');
    const bases = listOption(modified, 'bases');
    if (changed.includes('bases')) await checkBases(context, tx, { identity: confirmed, bases, known });
    await context.packages.mirrors.forgetChanged(tx, index, changed);
    await updateIndex(tx, modified);
    emit(packagesEvents.indexModified, {
      actor: identity.user ?? null,
      about: index.id,
      data: { index: fullName(index), changed },
    });
    return modified;
  });
}

/** True for `mirror_url=…`, by which root vouches also for the URL that is there. */
function setsOption(name: string, body: unknown): boolean {
  return Array.isArray(body) && body.some((operation) => String(operation).startsWith(`${name}=`));
}
