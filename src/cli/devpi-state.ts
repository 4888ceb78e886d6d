import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { environment } from '#kernel/config/environment.ts';
import type { Current, Login } from './session.ts';

/** `current.json`: addresses as the server gave them (reference devpi.md 5.1). */
const DevpiCurrent = z.looseObject({
  index: z.string().nullish(),
  login: z.string().nullish(),
  username: z.string().nullish(),
  venvdir: z.string().nullish(),
  always_setcfg: z.boolean().nullish(),
  settrusted: z.boolean().nullish(),
});

const DevpiAuth = z.looseObject({
  auth: z.record(z.string(), z.array(z.tuple([z.string(), z.string()]))).optional(),
});

export interface DevpiState extends Current {
  readonly logins: Readonly<Record<string, readonly Login[]>>;
}

/** devpi's login tokens live that long. */
const TOKEN_MS = 10 * 3600 * 1000;

/** Where devpi-client keeps what it knows. */
export function devpiDirectory(): string {
  return environment['DEVPI_CLIENTDIR'] || join(homedir(), '.devpi', 'client');
}

/** What devpi-client knows: the server and index in use, and logins. Files that are missing or of another form say nothing. */
export async function readDevpiState(directory: string): Promise<DevpiState> {
  const authFile = join(directory, 'auth.json');
  const current = DevpiCurrent.safeParse(await readJson(join(directory, 'current.json'))).data;
  const auth = DevpiAuth.safeParse(await readJson(authFile)).data?.auth ?? {};
  const server = current?.login?.endsWith('/+login') ? serverOf(current.login.slice(0, -7)) : undefined;
  const path = server === undefined ? undefined : pathBelow(server, current?.index ?? '');
  const writtenAt = (await stat(authFile).catch(() => undefined))?.mtimeMs ?? 0;
  const logins = Object.entries(auth).flatMap(([url, users]) => {
    const key = serverOf(url);
    if (key === undefined || users.length === 0) return [];
    const known = users.map(([user, token]) => ({ user, token, expiresAt: writtenAt + TOKEN_MS }));
    const isChosen = ({ user }: Login) => key === server && user === current?.username;
    return [[key, known.toSorted((a, b) => Number(isChosen(b)) - Number(isChosen(a)))] as const];
  });
  return {
    ...(server !== undefined && { server }),
    ...(path !== undefined && { index: path }),
    ...(typeof current?.venvdir === 'string' && { venv: current.venvdir }),
    ...(current?.always_setcfg === true && { alwaysSetCfg: true }),
    ...(current?.settrusted === true && { isTrusted: true }),
    logins: Object.fromEntries(logins),
  };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Without credentials of a proxy, which devpi-client may keep in the address. */
function serverOf(given: string): string | undefined {
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined;
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function pathBelow(server: string, index: string): string | undefined {
  const path = index.startsWith(`${server}/`) ? index.slice(server.length + 1).replace(/\/+$/, '') : '';
  return /^[^/]+\/[^/]+$/.test(path) ? decodeURIComponent(path) : undefined;
}
