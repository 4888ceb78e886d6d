import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { Config } from '../config/kernel-settings.ts';
import type { Db } from '../db/db.ts';
import { readFacts } from '../db/facts.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';
import { isLoopback } from '../http/loopback.ts';
import { PrimaryClient } from './primary-client.ts';
import { putFact } from './store.ts';

/** The fact of a replica that names its primary. */
export const PRIMARY_UUID = 'primary-uuid';

/** What makes a server a replica. */
export interface Joined {
  readonly client: PrimaryClient;
  readonly primaryUuid: string;
}

/**
 * Makes the server of this database a replica of the one that the configuration names, or finds that it is one already; undefined if it
 * is to be a server of its own. The first time the primary must answer: it gives the secret that signs login tokens.
 */
export async function joinPrimary(db: Db, config: Config): Promise<Joined | undefined> {
  const facts = await readFacts(db);
  const known = facts.get(PRIMARY_UUID);
  const url = config['replica-of'];
  if (url === undefined) {
    if (known === undefined) return undefined;
    throw new AppError(
      kernelErrors.isReplica,
      `the server in ${config.serverdir} is a replica, and replica-of is not set`,
    );
  }
  if (known === undefined && facts.has('initialized'))
    throw new AppError(
      kernelErrors.notReplica,
      `${config.serverdir} has a server of its own, which a replica would write over`,
    );
  const token = config['replica-token'];
  if (token === undefined)
    throw new AppError(kernelErrors.badConfiguration, 'replica-of is set, and replica-token is not', {
      hint: 'make a token of root with the scope server.replicate on the primary, and give it as WHEELHOUSE_REPLICA_TOKEN',
    });
  demandPrivateLine(url, config['replica-allow-plain-http']);
  const uuid = facts.get('uuid') ?? randomUUID().replaceAll('-', '');
  const client = new PrimaryClient({ url, token, uuid, outsideUrl: config['outside-url'] });
  if (known !== undefined) return { client, primaryUuid: known };
  const primary = await client.facts();
  await db.transaction().execute(async (tx) => {
    const own = { uuid, secret: primary.secret, [PRIMARY_UUID]: primary.uuid };
    for (const [key, value] of Object.entries(own)) await putFact(tx, key, value);
  });
  return { client, primaryUuid: primary.uuid };
}

/** True if the server of this database follows another one, whatever the configuration says. */
export async function isReplicaDatabase(db: Db): Promise<boolean> {
  return (await readFacts(db)).has(PRIMARY_UUID);
}

/** Passwords, their hashes and the secret of login tokens go over the line. */
function demandPrivateLine(url: string, allowsPlainHttp: boolean): void {
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isOwnMachine = host === 'localhost' || (isIP(host) !== 0 && isLoopback(host));
  if (protocol === 'https:' || isOwnMachine || allowsPlainHttp) return;
  throw new AppError(
    kernelErrors.badConfiguration,
    'replica-of must be https: passwords and secrets would be readable on the way',
    { hint: 'where the network itself is private, set replica-allow-plain-http' },
  );
}
