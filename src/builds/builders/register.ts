import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { WHEELHOUSE_VERSION } from '#kernel/version.ts';
import { formatTarget, parseTarget } from '#python/tags/target.ts';
import type { BuildsContext } from '../context.ts';
import { BUILDER_PROTOCOL } from '../contract.ts';
import { buildsErrors } from '../errors.ts';
import { buildsEvents } from '../events.ts';
import { isSilent } from './is-silent.ts';
import { findBuilder, saveBuilder } from './store.ts';

export interface Registration {
  readonly identity: Identity;
  readonly name: string;
  readonly version: string;
  readonly protocol: number;
  readonly targets: readonly string[];
  readonly session: string;
}

/**
 * Registers a builder, or again after it was started anew, and emits `builds.builder-registered`. A pause outlives it. Throws 409 for one
 * of another protocol, and while another of this name is at work.
 */
export async function registerBuilder(context: BuildsContext, input: Registration): Promise<void> {
  const { identity, name, version, protocol, session } = input;
  const { clock } = context;
  if (protocol !== BUILDER_PROTOCOL) {
    const detail = `the builder has version ${version} (protocol ${protocol}), the server ${WHEELHOUSE_VERSION} (protocol ${BUILDER_PROTOCOL})`;
    throw new AppError(buildsErrors.builderTooOld, detail);
  }
  const targets = input.targets.map((target) => formatTarget(parseTarget(target)));
  await context.events.change(async (tx, emit) => {
    await context.accounts.confirm(tx, identity);
    const known = await findBuilder(tx, name);
    if (known !== undefined && known.session !== session && !isSilent(context, known))
      throw new AppError(buildsErrors.builderExists, `a builder named ${name} is at work`);
    const now = clock.now();
    const state = known?.state === 'paused' ? 'paused' : 'active';
    await saveBuilder(tx, { name, version, session, targets, state, registeredAt: now, seenAt: now });
    emit(buildsEvents.builderRegistered, { actor: identity.user ?? null, data: { builder: name, targets } });
  });
}
