import type { Config } from '#kernel/config/kernel-settings.ts';
import { oneOf, secret, wholeNumber, type ConfigOf, type Setting } from '#kernel/config/setting.ts';

const readers = oneOf('anyone', 'users', 'root');

export const accountsSettings = [
  {
    name: 'accounts.argon2-memory-kib',
    type: wholeNumber(64, 4_194_304),
    default: 102_400,
    sentence: 'Memory in KiB that hashing one password takes; the default is devpi’s.',
  },
  {
    name: 'accounts.sign-up',
    type: oneOf('anyone', 'root'),
    default: 'anyone',
    sentence: 'Who may create users: `anyone`, as in devpi, or `root`.',
  },
  {
    name: 'accounts.user-list-readers',
    type: readers,
    default: 'anyone',
    sentence: 'Who may list all users with their indexes: `anyone`, as in devpi, all `users`, or `root`.',
  },
  {
    name: 'accounts.user-detail-readers',
    type: readers,
    default: 'root',
    sentence:
      'Who sees the e-mail and the `custom_data` of a user, beside the user: `anyone`, as in devpi, all `users`, or `root`.',
  },
  {
    name: 'accounts.max-user-bytes',
    type: wholeNumber(1024, 16_777_216),
    default: 65_536,
    sentence: 'How many bytes the fields of a user may have together, and how many a password may have.',
  },
  {
    name: 'accounts.concurrent-passwords',
    type: wholeNumber(1, 64),
    default: 2,
    sentence: 'How many passwords are hashed or checked at once; each takes the memory above.',
  },
  {
    name: 'accounts.max-waiting-passwords',
    type: wholeNumber(1, 10_000),
    default: 64,
    sentence:
      'How many password checks may wait for their turn; of more, those of whoever has most are refused.',
  },
  {
    name: 'accounts.max-password-pause',
    type: wholeNumber(0, 3600),
    default: 60,
    sentence:
      'The longest pause in seconds between tries, which grows with wrong passwords for a user from one address; 0 for none.',
  },
  {
    name: 'accounts.session-days',
    type: wholeNumber(1, 3650),
    default: 30,
    sentence: 'How many days after a login a browser has to log in again.',
  },
  {
    name: 'accounts.token-days',
    type: wholeNumber(1, 36_500),
    default: 90,
    sentence: 'How many days an API token is valid that is made without saying for how long.',
  },
  {
    name: 'accounts.max-token-days',
    type: wholeNumber(1, 36_500),
    default: 366,
    sentence: 'How many days an API token may be valid at most.',
  },
  {
    name: 'accounts.max-tokens',
    type: wholeNumber(0),
    default: 100,
    sentence: 'How many valid API tokens a user may have; 0 allows none.',
  },
  {
    name: 'accounts.root-password',
    type: secret.optional(),
    default: undefined,
    shownDefault: 'an empty password',
    isSecret: true,
    sentence: 'Password that the user root gets when the server is started for the first time.',
  },
  {
    name: 'accounts.root-password-hash',
    type: secret.optional(),
    default: undefined,
    shownDefault: 'none',
    isSecret: true,
    sentence: 'In the place of `accounts.root-password`: its argon2 hash, as devpi writes it.',
  },
  {
    name: 'accounts.metrics-readers',
    type: readers,
    default: 'anyone',
    sentence: 'Who may read `/+metrics`: `anyone`, `users` who are logged in, or `root`.',
  },
  {
    name: 'accounts.status-readers',
    type: readers,
    default: 'anyone',
    sentence:
      'Who may read `/+status`, which names the server directory; devpi-client asks for it at `devpi use`.',
  },
] as const satisfies readonly Setting[];

export type AccountsConfig = Config & ConfigOf<typeof accountsSettings>;

/** The configuration with the values of this part's settings, which every configuration has. */
export function accountsConfig(config: Config): AccountsConfig {
  return config as AccountsConfig;
}
