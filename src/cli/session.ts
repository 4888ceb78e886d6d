import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { environment } from '#kernel/config/environment.ts';
import { Secret } from '#kernel/config/secret.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Credentials } from './client/credentials.ts';
import { cliErrors } from './errors.ts';

const Login = z.object({
  user: z.string(),
  token: z.string(),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
});

export type Login = z.output<typeof Login>;

const Session = z.object({
  version: z.literal(1),
  /** The server that commands ask when none is named. */
  server: z.string().optional(),
  /** The index of that server which commands mean when none is named, as `user/index`. */
  index: z.string().optional(),
  /** The logins at each server, by its URL; the current one first. */
  logins: z.record(z.string(), z.union([z.array(Login), Login.transform((login) => [login])])),
});

export type Session = z.output<typeof Session>;

/** The server of `wheelhouse serve` without configuration. */
export const DEFAULT_SERVER = 'http://localhost:3141';

/** Where the session is kept: below `$XDG_CONFIG_HOME`, which is `~/.config` where it is not set. */
function sessionPath(): string {
  const home = environment['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return join(home, 'wheelhouse', 'session.json');
}

/** What the commands of this user know from each other. Throws `cli.bad-session` if the file is none of ours. */
export async function readSession(path = sessionPath()): Promise<Session> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, logins: {} };
    throw new AppError(cliErrors.badSession, `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
  try {
    return Session.parse(JSON.parse(text));
  } catch (cause) {
    // Without the cause's words: it quotes what it read, and that may be a token.
    throw new AppError(cliErrors.badSession, `${path} is damaged, or of another version`, { cause });
  }
}

/** Writes the session whole or not at all, for its owner's eyes only. */
export async function writeSession(session: Session, path = sessionPath()): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(part, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(session, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => undefined);
    throw new AppError(cliErrors.badSession, `cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Whose login counts at a server: that of `$DEVPI_USER`, or else the last one; expired or not. */
export function loginAt(session: Session, server: string): Login | undefined {
  const logins = session.logins[server] ?? [];
  const user = environment['DEVPI_USER'];
  return user ? logins.find((login) => login.user === user) : logins[0];
}

/** The credentials for a server, if there is a login that has not expired at `now`. */
export async function credentialsFor(
  session: Session,
  server: string,
  now = Date.now(),
): Promise<Credentials | undefined> {
  const login = loginAt(session, server);
  if (login === undefined || login.expiresAt <= now) return undefined;
  return { kind: 'login', user: login.user, token: new Secret(login.token) };
}
