import { defineErrors } from '#kernel/errors/app-error.ts';

/** Everything that can go wrong with users and with knowing them. */
export const accountsErrors = defineErrors('accounts', {
  emptyRootPassword: {
    status: 500,
    title: 'The root user has no password',
    hint:
      'set a root password on this machine first (serve on localhost, then change it), ' +
      'or pass --allow-empty-root-password',
    meaning:
      'Everybody who reaches the server could act as root. A server listens on other addresses than the loopback only when root has a password.',
  },
  loginFailed: {
    status: 401,
    title: 'Login failed',
    hint: 'check the user name and the password',
    meaning: 'The user does not exist or the password is another one; which of the two is not told.',
  },
  loginNeeded: {
    status: 401,
    title: 'Log in first',
    hint: 'give a user name and a password, or a login token',
    meaning: 'Uploading needs a user, and none was given or the password was wrong.',
  },
  loginExpired: {
    status: 401,
    title: 'The login has expired',
    hint: 'log in again',
    meaning: 'A login lasts ten hours, and ends when the password is changed elsewhere.',
  },
  notAllowed: {
    status: 403,
    title: 'Not allowed',
    meaning:
      'The policy does not let this user, or somebody who is not logged in, do it: see who may do what in the HTTP reference.',
  },
  invalidUser: {
    status: 400,
    title: 'Invalid user settings',
    meaning: 'A name or a field of the user cannot be stored; the detail says which.',
  },
  userExists: {
    status: 409,
    title: 'The user exists already',
    meaning: 'Choose another name, or change the user that is there.',
  },
  userNotFound: { status: 404, title: 'No such user', meaning: 'No user has this name.' },
});
