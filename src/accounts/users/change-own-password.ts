import type { Identity } from '#kernel/identity.ts';
import type { AccountsContext } from '../context.ts';
import { checkPassword } from '../passwords/check-password.ts';
import { requireLogin } from '../require-login.ts';
import { modifyUser } from './modify-user.ts';

export interface ChangeOwnPassword {
  readonly identity: Identity;
  readonly current: string;
  readonly password: string;
  /** Where the request comes from. */
  readonly address: string;
}

/**
 * Gives who asks another password and ends all other logins; asks for the one of now, as `checkPassword` does, since a browser that
 * somebody left open must not be enough.
 */
export async function changeOwnPassword(
  context: AccountsContext,
  { identity, current, password, address }: ChangeOwnPassword,
): Promise<void> {
  const user = requireLogin(identity);
  await checkPassword(context, { user, password: current, address });
  await modifyUser(context, { identity, name: user, fields: { password }, address });
}
