import { access, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { environment } from '#kernel/config/environment.ts';
import { Secret } from '#kernel/config/secret.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Credentials } from './client/credentials.ts';
import { devpiDirectory, readDevpiState } from './devpi-state.ts';
import { cliErrors } from './errors.ts';
import { findKeyring } from './keyring.ts';
import { writePrivateFile } from './private-file.ts';

const Login = z.object({
  user: z.string(),
  /** Absent where the keyring of the system has it. */
  token: z.string().optional(),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
});

export type Login = z.output<typeof Login>;

/** What commands mean when nothing is named; a virtual environment may have its own. */
const Current = z.object({
  /** The server that commands ask. */
  server: z.string().optional(),
  /** The index of that server that commands are about, as `user/index`. */
  index: z.string().optional(),
  /** The virtual environment whose installers `use` sets. */
  venv: z.string().optional(),
  /** Whether every `use` sets installers. */
  alwaysSetCfg: z.boolean().optional(),
  /** Whether pip is told then to trust the host without a certificate. */
  isTrusted: z.boolean().optional(),
});

export type Current = z.output<typeof Current>;

/** An API token that `use --set-cfg` made for installers; its secret is where they look for it. */
const ReadToken = z.object({ id: z.string(), indexes: z.array(z.string()), expires: z.string() });

export type ReadToken = z.output<typeof ReadToken>;

const Session = Current.extend({
  version: z.literal(1),
  /** The logins at each server, by its URL; the current one first. */
  logins: z.record(z.string(), z.union([z.array(Login), Login.transform((login) => [login])])),
  /** By the URL of the server. */
  readTokens: z.record(z.string(), ReadToken).optional(),
});

export type Session = z.output<typeof Session>;

/** Where a session is kept. */
export interface SessionPlaces {
  readonly file: string;
  /** What is current in the active virtual environment, once `use --local` has made it. */
  readonly localFile?: string | undefined;
  /** Where devpi-client keeps its own, which counts until there is one of ours. */
  readonly devpiDirectory?: string | undefined;
}

/** Below `$XDG_CONFIG_HOME`, which is `~/.config` where it is not set, and in the active virtual environment. */
export function sessionPlaces(): SessionPlaces {
  const home = environment['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  const venv = environment['VIRTUAL_ENV'];
  return {
    file: join(home, 'wheelhouse', 'session.json'),
    localFile: venv ? join(venv, 'wheelhouse.json') : undefined,
    devpiDirectory: devpiDirectory(),
  };
}

/** What the commands of this user know from each other. Throws `cli.bad-session` if a file is none of ours. */
export async function readSession(places: SessionPlaces = sessionPlaces()): Promise<Session> {
  const session = await readShared(places);
  const local = places.localFile === undefined ? undefined : await readAs(Current, places.localFile);
  return local === undefined ? session : { ...withoutCurrent(session), ...local };
}

/** Writes the session whole or not at all, for its owner's eyes only. */
export async function writeSession(session: Session, places: SessionPlaces = sessionPlaces()): Promise<void> {
  const { file, localFile } = places;
  if (localFile === undefined || !(await exists(localFile))) return await write(file, session);
  const shared = await readShared(places);
  await write(localFile, Current.parse(session));
  await write(file, { ...withoutCurrent(session), ...Current.parse(shared) });
}

/** Makes the active virtual environment have its own current server and index, which are those of now. */
export async function makeLocal(session: Session, localFile: string): Promise<void> {
  await write(localFile, Current.parse(session));
}

/** Forgets what is current, in the virtual environment where that has its own; says which file that was. */
export async function forgetCurrent(
  session: Session,
  places: SessionPlaces = sessionPlaces(),
): Promise<string> {
  const { file, localFile } = places;
  if (localFile !== undefined && (await exists(localFile))) {
    await rm(localFile);
    return localFile;
  }
  await write(file, withoutCurrent(session));
  return file;
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
  const { user } = login;
  const token =
    login.token === undefined ? await findKeyring()?.read({ server, user }) : new Secret(login.token);
  return token && { kind: 'login', user, token };
}

async function readShared({ file, devpiDirectory: devpi }: SessionPlaces): Promise<Session> {
  const session = await readAs(Session, file);
  if (session !== undefined) return session;
  return Session.parse({ version: 1, logins: {}, ...(devpi !== undefined && (await readDevpiState(devpi))) });
}

async function readAs<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
): Promise<z.output<Schema> | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AppError(cliErrors.badSession, `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    // Without the cause's words: it quotes what it read, and that may be a token.
    throw new AppError(cliErrors.badSession, `${path} is damaged, or of another version`, { cause });
  }
}

async function write(path: string, content: unknown): Promise<void> {
  try {
    await writePrivateFile(path, `${JSON.stringify(content, null, 2)}\n`);
  } catch (cause) {
    throw new AppError(cliErrors.badSession, `cannot write ${path}: ${(cause as Error).message}`, {
      cause,
      hint: 'see that there is room on the disk and that the directory is yours; nothing was changed',
    });
  }
}

function withoutCurrent(session: Session): Session {
  const { version, logins, readTokens } = session;
  return { version, logins, ...(readTokens !== undefined && { readTokens }) };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
