import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';

export interface IndexUrl {
  /** Without a slash at the end. */
  readonly url: string;
  /** The address of the server. */
  readonly server: string;
  readonly user: string;
  readonly index: string;
  /** `user/index`. */
  readonly name: string;
}

/**
 * The address of an index from what a user gives: with or without `/+simple/`. Throws if that is no address; one with
 * a password is refused, because every user of the machine sees the arguments of programs.
 */
export function readIndexUrl(given: string): IndexUrl {
  const wrong = (detail: string, hint: string) => new AppError(cliErrors.badArgument, detail, { hint });
  const url = URL.parse(given);
  const path = url?.pathname.replace(/(?:\/\+simple)?\/*$/, '') ?? '';
  const [name, user, index] = /([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (url === null || !/^https?:$/.test(url.protocol) || user === undefined || index === undefined) {
    throw wrong(
      `${url?.password ? 'that' : given} is no URL of an index`,
      'name a server and an index: http://localhost:3141/root/pypi',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw wrong(
      'the URL of the index carries a user name or a password',
      'leave them out, and log in: wheelhouse login USER',
    );
  }
  return {
    url: `${url.origin}${path}`,
    server: `${url.origin}${path.slice(0, -(name?.length ?? 0) - 1)}`,
    user: decodeURIComponent(user),
    index: decodeURIComponent(index),
    name: `${user}/${index}`,
  };
}
