import { join, resolve } from 'node:path';
import type { Secret } from '#kernel/config/secret.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';

/** A self-contained installation of the server, and where its files are. */
export interface Deployment {
  /** Absolute. */
  readonly directory: string;
  /** How clients reach it; by http and on port 80 if nothing else is known. */
  readonly outsideUrl: URL;
  readonly port: number;
  /** Where the server listens. */
  readonly host: string;
  /** Options of devpi-server beside the port, the server directory and the database. */
  readonly options: readonly string[];
  readonly serverdir: string;
  /** Where it is not in the server directory. */
  readonly database: Secret | undefined;
  /** Where nginx finds `server.key` and `ssl-unified.crt`, if clients come by https. */
  readonly certificates: string;
  /** Take root's empty password from other machines, until there is another one. */
  readonly allowEmptyRootPassword: boolean;
}

/** Of a deployment's files, and what the lines of 1.x call them. */
export function placesOf({ directory }: Pick<Deployment, 'directory'>) {
  return {
    bin: join(directory, 'bin'),
    python: join(directory, 'bin', 'python'),
    control: join(directory, 'bin', 'devpi-ctl'),
    server: join(directory, 'bin', 'devpi-server'),
    program: join(directory, 'lib', 'wheelhouse'),
    log: join(directory, 'log'),
    supervisorConfig: join(directory, 'etc', 'supervisord.conf'),
    nginxConfig: join(directory, 'etc', 'nginx-devpi.conf'),
    crontab: join(directory, 'etc', 'crontab'),
  };
}

/** What systems take for the address of a socket; supervisord binds it under a name with its pid first. */
const MAX_SOCKET_LENGTH = 103;
const SOCKET = 'etc/../supervisor.socket.4194304';

/** The absolute path of a deployment; throws where it cannot be one. */
export function deploymentDirectory(given: string): string {
  const directory = plainPath(given);
  if (directory.length + 1 + SOCKET.length > MAX_SOCKET_LENGTH) {
    throw new AppError(
      cliErrors.badDeployment,
      `${directory}: the path is too long for the socket of supervisord below it`,
      { hint: 'name a directory whose path is shorter' },
    );
  }
  return directory;
}

/**
 * The absolute path of a directory. Throws where it has characters that mean something to supervisor, nginx, cron or a shell,
 * whose files it is written into.
 */
export function plainPath(given: string): string {
  const directory = resolve(given);
  if (directory !== '/' && /^[\w./+@=,-]+$/.test(directory)) return directory;
  throw new AppError(
    cliErrors.badDeployment,
    `${directory}: the path may have letters, digits and ./_+@=,- only, and must not be /`,
    { hint: 'name another directory' },
  );
}
