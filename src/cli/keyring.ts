import { environment } from '#kernel/config/environment.ts';
import { Secret } from '#kernel/config/secret.ts';
import { findProgram } from './find-program.ts';

/** Whose secret: a login of a user to a server. */
export interface KeyringEntry {
  readonly server: string;
  readonly user: string;
}

/** The keyring of the system. Nothing throws: a keyring that is locked or not there has and keeps nothing. */
export interface Keyring {
  read(entry: KeyringEntry): Promise<Secret | undefined>;
  /** True if the secret is there now. */
  write(entry: KeyringEntry, secret: Secret): Promise<boolean>;
  remove(entry: KeyringEntry): Promise<void>;
}

const SERVICE = 'wheelhouse';
/** A person may have to unlock it. */
const TIMEOUT_MS = 120_000;

/**
 * The keyring of the system, through the program that comes with it: the Secret Service of a Linux desktop, or the keychain of
 * macOS. Undefined where there is none. Secrets go through stdin and stdout only.
 */
export function findKeyring(): Keyring | undefined {
  if (process.platform === 'darwin') return keychain();
  // Without a session bus nobody keeps secrets, and secret-tool would try to start one.
  if (process.platform !== 'linux' || !environment['DBUS_SESSION_BUS_ADDRESS']) return undefined;
  const program = findProgram('secret-tool');
  return program === undefined ? undefined : secretService(program);
}

function secretService(program: string): Keyring {
  const attributes = ({ server, user }: KeyringEntry) => ['service', SERVICE, 'server', server, 'user', user];
  const keyring: Keyring = {
    async read(entry) {
      const found = await output([program, 'lookup', ...attributes(entry)]);
      return found === undefined || found === '' ? undefined : new Secret(found);
    },
    async write(entry, secret) {
      const label = `--label=Wheelhouse: ${entry.user} at ${entry.server}`;
      const stored = await output([program, 'store', label, ...attributes(entry)], secret.reveal());
      return stored !== undefined && (await keyring.read(entry))?.reveal() === secret.reveal();
    },
    async remove(entry) {
      await output([program, 'clear', ...attributes(entry)]);
    },
  };
  return keyring;
}

function keychain(): Keyring {
  const program = '/usr/bin/security';
  const account = ({ server, user }: KeyringEntry) => `${user} at ${server}`;
  const keyring: Keyring = {
    async read(entry) {
      const found = await output([
        program,
        'find-generic-password',
        '-s',
        SERVICE,
        '-a',
        account(entry),
        '-w',
      ]);
      const secret = found?.replace(/\n$/, '');
      return secret === undefined || secret === '' ? undefined : new Secret(secret);
    },
    async write(entry, secret) {
      const words = ['-U', '-s', SERVICE, '-a', account(entry), '-w', secret.reveal()];
      // What cannot stand between quotes is kept elsewhere.
      if (words.some((word) => /["\\\n]/.test(word))) return false;
      // `-i` reads the command from stdin: as an argument the secret would be seen by everybody on the machine.
      await output([program, '-i'], `add-generic-password ${words.map((word) => `"${word}"`).join(' ')}\n`);
      return (await keyring.read(entry))?.reveal() === secret.reveal();
    },
    async remove(entry) {
      await output([program, 'delete-generic-password', '-s', SERVICE, '-a', account(entry)]);
    },
  };
  return keyring;
}

/** What a program prints; undefined if it fails. */
async function output(argv: readonly [string, ...string[]], input?: string): Promise<string | undefined> {
  const { run } = await import('#kernel/process/run.ts');
  try {
    const { exitCode, stdout } = await run(argv, {
      timeoutMs: TIMEOUT_MS,
      ...(input !== undefined && { input }),
    });
    return exitCode === 0 ? stdout : undefined;
  } catch {
    return undefined;
  }
}
