import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';

/**
 * The address of a server without a slash at the end. Throws if that is no address, or one with a password: every user
 * of the machine sees the arguments of programs.
 */
export function readServerUrl(given: string): string {
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const shown = /@/.test(given) ? 'that' : given;
    throw new AppError(cliErrors.badArgument, `${shown} is no URL`, {
      hint: 'write it with http:// or https://',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new AppError(cliErrors.badArgument, 'the URL carries a user name or a password', {
      hint: 'leave them out, and log in: wheelhouse login USER',
    });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
