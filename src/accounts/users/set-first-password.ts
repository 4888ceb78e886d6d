import type { AccountsContext } from '../context.ts';
import { checkPassword } from '../passwords/check-password.ts';
import { modifyUser } from './modify-user.ts';

/** Gives root a password while it has none; throws 401 if somebody else was quicker. */
export async function setFirstPassword(
  context: AccountsContext,
  { password, address }: { readonly password: string; readonly address: string },
): Promise<void> {
  const identity = await checkPassword(context, { user: 'root', password: '', address });
  await modifyUser(context, { identity, name: 'root', fields: { password }, address });
}
