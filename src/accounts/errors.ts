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
  tooManyPasswords: {
    status: 429,
    title: 'Too many wrong passwords',
    hint: 'wait a minute, or use a login token or an API token, which always work',
    meaning:
      'After five wrong passwords for a user from one address each further one makes the pause before the next try longer, up to `accounts.max-password-pause` seconds.',
  },
  loginNeeded: {
    status: 401,
    title: 'Log in first',
    hint: 'give a user name and a password, or a token',
    meaning: 'This needs a user, and none was given or the password was wrong.',
  },
  loginExpired: {
    status: 401,
    title: 'The login has expired',
    hint: 'log in again',
    meaning:
      'A login lasts ten hours, that of a browser `accounts.session-days`; both end when the password is changed elsewhere.',
  },
  tokenEnded: {
    status: 401,
    title: 'The API token has ended',
    hint: 'make a new token',
    meaning: 'An API token is valid for the days that it was made for, and ends when it is revoked.',
  },
  tokenExists: {
    status: 409,
    title: 'The user has a token of this name',
    hint: 'choose another name, or revoke the token that is there',
    meaning: 'The valid tokens of a user have different names, since people tell them apart by these.',
  },
  tokenNotFound: {
    status: 404,
    title: 'No such API token',
    meaning:
      'The user has no token with this id. Ids are in the list of tokens; they are not the tokens themselves.',
  },
  sessionNotFound: {
    status: 404,
    title: 'No such session',
    hint: 'load the list again: the browser may have been logged out meanwhile',
    meaning: 'The user is not logged in to a browser under this id; the session may have ended.',
  },
  invalidToken: {
    status: 400,
    title: 'Such a token cannot be made',
    meaning: 'A scope does not exist, or a limit of API tokens would be passed; the detail says which.',
  },
  invalidGroup: {
    status: 400,
    title: 'Such a group cannot be',
    meaning: 'The name cannot be one of a group, or a member is no user; the detail says which.',
  },
  groupExists: { status: 409, title: 'The group exists already', meaning: 'Choose another name.' },
  groupNotFound: { status: 404, title: 'No such group', meaning: 'No group has this name.' },
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
