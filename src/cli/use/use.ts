import { calledAs } from '../called-as.ts';
import type { FoundServer } from '../client/find-server.ts';
import { Client } from '../client/client.ts';
import { describeInstallers } from './describe-installers.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { planInstallers, readInstallers, type Plan } from '../installers/set-installers.ts';
import { printJson } from '../print-json.ts';
import {
  credentialsFor,
  loginAt,
  makeLocal,
  readSession,
  sessionPlaces,
  writeSession,
  type Session,
} from '../session.ts';
import { tellAccess } from '../tell-access.ts';
import { findScope, type FoundScope } from './find-scope.ts';
import { findTarget } from './find-target.ts';
import { planReading, type Reading } from './plan-reading.ts';

export interface UseOptions {
  readonly url: string | undefined;
  /** Whether what `url` names is in use from now on. */
  readonly isKept: boolean;
  readonly setCfg: boolean;
  readonly pipSetTrusted: string | undefined;
  readonly alwaysSetCfg: string | undefined;
  readonly venv: string | undefined;
  readonly local: boolean;
  readonly urls: boolean;
  readonly user: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** What is in use after the command, and what the server said of it. */
interface Outcome {
  readonly session: Session;
  readonly found: FoundServer | undefined;
  /** Whether the session is another one than before. */
  readonly isChanged: boolean;
}

/** Chooses what commands are about, sets installers if that was asked for, and tells both as devpi-client does. */
export async function use(options: UseOptions): Promise<number> {
  const before = chooseUser(await readSession(), options.user);
  const asked = options.url ?? (before.index === undefined ? before.server && '/' : before.index);
  const found = asked === undefined ? undefined : await findTarget(before, asked);
  const { session, isChanged } = settle(before, found, options);
  const scope = findScope(options.venv, before.venv);
  const isSet = options.setCfg || session.alwaysSetCfg === true;
  const plans = isSet ? await plan({ session, found, isChanged }, scope, options) : undefined;
  // All that can be refused has been: only now is anything changed.
  if (!options.dryRun) await keep(before, session, plans, { isChanged, isLocal: options.local });
  for (const each of options.dryRun ? (plans?.plan.changes ?? []) : []) {
    process.stderr.write(`would change ${each.path}\n`);
  }
  await tell(session, found, { scope, options, isSet });
  return 0;
}

function chooseUser(session: Session, user: string | undefined): Session {
  if (user === undefined || session.server === undefined) return session;
  const logins = session.logins[session.server] ?? [];
  const chosen = logins.find((login) => login.user === user);
  if (chosen === undefined) return session;
  const sorted = [chosen, ...logins.filter((login) => login !== chosen)];
  return { ...session, logins: { ...session.logins, [session.server]: sorted } };
}

/** What is in use after the command. A login that the server does not know any more is forgotten. */
function settle(before: Session, found: FoundServer | undefined, options: UseOptions): Outcome {
  const { server, index, venv, alwaysSetCfg, isTrusted, ...rest } = before;
  const isKept = found !== undefined && options.isKept;
  const place = isKept
    ? { server: found.server, ...(found.index !== undefined && { index: found.index }) }
    : { ...(server !== undefined && { server }), ...(index !== undefined && { index }) };
  const always = options.alwaysSetCfg === undefined ? alwaysSetCfg : options.alwaysSetCfg === 'yes';
  const trusted = options.alwaysSetCfg === undefined ? isTrusted : isTrustedFor(found, options, undefined);
  const nextVenv = options.venv === undefined ? venv : findScope(options.venv, undefined).venv;
  const session: Session = {
    ...rest,
    ...place,
    ...(nextVenv !== undefined && { venv: nextVenv }),
    ...(always !== undefined && { alwaysSetCfg: always }),
    ...(trusted !== undefined && { isTrusted: trusted }),
    logins: withoutUnknown(before, found),
  };
  const isChanged =
    isKept ||
    session.logins !== before.logins ||
    [options.alwaysSetCfg, options.venv, options.user].some((each) => each !== undefined);
  return { session, found, isChanged };
}

function withoutUnknown(session: Session, found: FoundServer | undefined): Session['logins'] {
  const login = found && loginAt(session, found.server);
  if (found === undefined || login === undefined || found.user !== undefined) return session.logins;
  const isExpired = login.expiresAt <= Date.now();
  process.stderr.write(
    `the login of ${login.user} to ${found.server} ${isExpired ? 'has expired' : 'is not known there any more'}; log in again: wheelhouse login ${login.user}\n`,
  );
  const others = (session.logins[found.server] ?? []).filter((each) => each !== login);
  const { [found.server]: _left, ...elsewhere } = session.logins;
  return { ...elsewhere, ...(others.length > 0 && { [found.server]: others }) };
}

/** pip complains at every use of a host without https that is not this machine. */
function isTrustedFor(
  found: FoundServer | undefined,
  { pipSetTrusted = 'auto' }: UseOptions,
  before: boolean | undefined,
): boolean {
  if (pipSetTrusted !== 'auto') return pipSetTrusted === 'yes';
  if (before === true || found === undefined) return before === true;
  const { protocol, hostname } = new URL(found.server);
  return protocol === 'http:' && !/^(?:localhost|.*\.localhost|127\..*|\[::1\])$/.test(hostname);
}

interface Plans {
  readonly plan: Plan;
  readonly reading: Reading;
}

async function plan(
  { session, found }: Outcome,
  scope: FoundScope,
  options: UseOptions,
): Promise<Plans | undefined> {
  if (found?.index === undefined) {
    if (!options.setCfg) return undefined;
    throw new AppError(cliErrors.noIndex, 'no index configured: cannot set pip/easy_install index');
  }
  const isTrusted = isTrustedFor(found, options, session.isTrusted);
  if (isTrusted && options.pipSetTrusted === undefined && !options.json) {
    process.stdout.write('Warning: insecure http host, trusted-host will be set for pip\n');
  }
  const client = await clientFor(session, found.server);
  const reading = await planReading(session, {
    client,
    scope,
    server: found.server,
    index: found.index,
    isDry: options.dryRun,
  });
  const { server, index, user, takesUploads } = found;
  const target = { url: `${server}/${index}`, user, takesUploads, isTrusted };
  try {
    return { reading, plan: await planInstallers(scope, target, reading.token?.reveal()) };
  } catch (error) {
    await reading.undo();
    throw error;
  }
}

async function keep(
  before: Session,
  session: Session,
  plans: Plans | undefined,
  { isChanged, isLocal }: { readonly isChanged: boolean; readonly isLocal: boolean },
): Promise<void> {
  const { localFile } = sessionPlaces();
  const readTokens = plans?.reading.kept;
  try {
    if (isLocal && localFile !== undefined) await makeLocal(session, localFile);
    const next = readTokens === undefined ? session : { ...session, readTokens };
    if (isChanged || isLocal || readTokens !== undefined) await writeSession(next);
    try {
      await plans?.plan.apply();
    } catch (error) {
      // Nothing was changed, so nothing else is in use.
      await writeSession(before);
      throw error;
    }
  } catch (error) {
    await plans?.reading.undo();
    throw error;
  }
  await plans?.reading.finish();
}

async function clientFor(session: Session, server: string): Promise<Client> {
  return new Client(server, { credentials: await credentialsFor(session, server) });
}

async function tell(
  session: Session,
  found: FoundServer | undefined,
  {
    scope,
    options,
    isSet,
  }: { readonly scope: FoundScope; readonly options: UseOptions; readonly isSet: boolean },
): Promise<void> {
  const installers = await readInstallers(scope);
  const alwaysSetCfg = session.alwaysSetCfg === true;
  if (options.json) {
    printJson({
      server: found?.server ?? null,
      index: found?.index ?? null,
      user: found?.user ?? null,
      features: found?.features ?? [],
      alwaysSetCfg,
      venv: scope.venv ?? null,
      configuration: installers.map(({ path, exists, index }) => ({ path, exists, index: index ?? null })),
    });
    return;
  }
  const lines = [await describePlace(session, found, options.urls)];
  if (scope.venv !== undefined) {
    lines.push(
      `venv for install/set commands: ${scope.venv}\n`,
      'only setting venv pip/uv config, no global configuration changed\n',
    );
  }
  if (isSet && found?.index === undefined)
    lines.push('no index configured: cannot set pip/easy_install index\n');
  lines.push(describeInstallers(installers), `always-set-cfg: ${alwaysSetCfg ? 'yes' : 'no'}\n`);
  process.stdout.write(lines.join(''));
}

async function describePlace(
  session: Session,
  found: FoundServer | undefined,
  withUrls: boolean,
): Promise<string> {
  if (found === undefined) {
    return `no server: type '${calledAs()} use URL' with a URL pointing to a server or directly to an index.\n`;
  }
  const { server, index, user, features, takesUploads, callsItself } = found;
  if (callsItself !== undefined) {
    process.stderr.write(
      `warning: the server calls itself ${callsItself}; see that its setting outside-url is right\n`,
    );
  }
  const status = user === undefined ? 'not logged in' : `logged in as ${user}`;
  if (index === undefined) {
    return (
      `using server: ${server}/ (${status})\n` +
      `no current index: type '${calledAs()} use -l' to discover indices\n`
    );
  }
  const url = `${server}/${index}`;
  const addresses = [
    ['login', `${server}/+login`],
    ['pypisubmit', takesUploads ? `${url}/` : 'None'],
    ['simpleindex', `${url}/+simple/`],
  ] as const;
  const shown = withUrls
    ? addresses.map(([name, address]) => `${name.padStart(19)}: ${address}\n`).join('')
    : '';
  const supported = features.length === 0 ? '' : `supported features: ${features.toSorted().join(', ')}\n`;
  const access = await tellAccess(await clientFor(session, server), index, user !== undefined);
  return `current devpi index: ${url} (${status})\n${shown}${supported}${access}`;
}
