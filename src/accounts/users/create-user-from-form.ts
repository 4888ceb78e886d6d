import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import type { Refusal } from '#web/components/form.ts';
import { refusalOf } from '#web/serving/read-form.ts';
import type { AccountsContext } from '../context.ts';
import { accountsErrors } from '../errors.ts';
import { readNewPassword } from '../passwords/new-password.ts';
import { createUser } from './create-user.ts';

const Named = z.object({ user: z.string().trim().min(1, 'A name is needed.') });

/** Makes the user that a form with `user`, `email`, `password` and `again` asks for; throws what `userRefusal` knows to say. */
export async function createUserFromForm(
  context: AccountsContext,
  sender: { readonly identity: Identity; readonly address: string },
  input: Readonly<Record<string, string>>,
): Promise<{ readonly name: string; readonly password: string }> {
  const { user: name } = Named.parse({ user: input['user'] ?? '' });
  const password = readNewPassword(input);
  const email = input['email']?.trim() ?? '';
  await createUser(context, { ...sender, name, fields: { password, ...(email !== '' && { email }) } });
  return { name, password };
}

/** Why a user cannot be made, at the field that is wrong. */
export function userRefusal(error: unknown): Refusal {
  if (error instanceof AppError) {
    if (error.kind === accountsErrors.userExists) {
      return { fields: { user: 'There is a user of this name; choose another one.' } };
    }
    if (error.kind === accountsErrors.invalidUser && error.message.startsWith('username')) {
      return { fields: { user: `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}` } };
    }
  }
  return refusalOf(error);
}
