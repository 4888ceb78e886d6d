import type { FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Field, Refusal } from '#web/components/form.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { checkPassword } from './check-password.ts';

/** The field for the password of who is logged in, which a browser fills in. */
export const ownPasswordField: Field = {
  kind: 'password',
  name: 'own',
  label: 'Your password',
  hint: 'Asked again, since you logged in a while ago.',
  isRequired: true,
  autocomplete: 'current-password',
};

/** Throws as `checkPassword` does where a browser was logged in a while ago and the form does not bring the right password. */
export async function requireOwnPassword(
  context: AccountsContext,
  { identity, clientAddress: address }: Pick<FastifyRequest, 'identity' | 'clientAddress'>,
  input: Readonly<Record<string, string>>,
): Promise<void> {
  if (!(await context.accounts.hasOldLogin(identity))) return;
  await checkPassword(context, { user: identity.user ?? '', password: input['own'] ?? '', address });
}

/** What a wrong own password is told as, at its field; undefined for everything else. */
export function ownPasswordRefusal(error: unknown, field = ownPasswordField.name): Refusal | undefined {
  if (!(error instanceof AppError) || error.kind !== accountsErrors.loginFailed) return undefined;
  return { fields: { [field]: 'This is not your password.' } };
}
