import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { BuildsContext } from '../context.ts';
import { buildsErrors } from '../errors.ts';
import { buildsEvents } from '../events.ts';
import { updateState, type BuilderState } from './store.ts';

export interface ChangeBuilder {
  readonly identity: Identity;
  readonly name: string;
  readonly state: BuilderState;
}

/** Pauses, resumes or drains a builder, and emits `builds.builder-changed`. What it builds it ends. Throws 404 if there is none. */
export async function changeBuilder(
  context: BuildsContext,
  { identity, name, state }: ChangeBuilder,
): Promise<void> {
  await context.events.change(async (tx, emit) => {
    await context.accounts.confirm(tx, identity);
    if (!(await updateState(tx, name, state))) throw noBuilder(name);
    emit(buildsEvents.builderChanged, { actor: identity.user ?? null, data: { builder: name, state } });
  });
}

export function noBuilder(name: string): AppError {
  return new AppError(buildsErrors.builderNotFound, `no builder ${name} has registered`);
}
