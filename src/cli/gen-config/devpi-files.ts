import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { FullConfig } from '../../parts.ts';
import { plainPath } from '../deployment/deployment.ts';
import { nginxSite } from '../deployment/nginx-site.ts';
import { crontabExample } from './crontab.ts';
import { launchdPlist } from './launchd-plist.ts';
import { programWords } from './program-path.ts';
import type { Service } from './service.ts';
import { supervisordConfig, supervisorProgram } from './supervisor-files.ts';
import { systemdUnit } from './systemd-unit.ts';

const LABEL = 'net.devpi';

export interface DevpiFiles {
  /** Where the files are written. */
  readonly directory: string;
  /** Of devpi-server, those that have an effect. */
  readonly words: readonly string[];
  readonly certificates: string;
}

/** The files of `devpi-gen-config` by name, in its order (reference devpi.md 3.2), for a server of the user who calls. */
export function devpiFiles(
  config: FullConfig,
  { directory, words, certificates }: DevpiFiles,
): Readonly<Record<string, string>> {
  const serverdir = plainPath(config.serverdir);
  const filesDirectory = plainPath(config['files-directory'] ?? join(serverdir, 'files'));
  const service: Service = {
    name: 'devpi-server',
    argv: [...programWords('devpi-server'), ...words],
    environment: {},
    user: userInfo().username,
    serverdir,
    filesDirectory,
  };
  const location = config['http.internal-location'];
  const site = {
    outsideUrl: URL.parse(config['outside-url'] ?? '') ?? undefined,
    host: config.host,
    port: config.port,
    serverdir,
    certificates: plainPath(certificates),
    // Into the directory of a user, which this is for, nginx may not look: unless somebody has seen to it.
    ...(location !== undefined && { stored: { location, directory: filesDirectory } }),
  };
  return {
    crontab: crontabExample(join(resolve(directory), 'supervisord.conf')),
    [`${LABEL}.plist`]: launchdPlist(LABEL, service),
    'launchd-macos.txt': `Copy the file, and load it:

    cp ${LABEL}.plist ~/Library/LaunchAgents/
    launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/${LABEL}.plist

The server starts now, and whenever you log in. To end it:

    launchctl bootout gui/$(id -u)/${LABEL}
`,
    'nginx-devpi.conf': nginxSite(site),
    'nginx-devpi-caching.conf': nginxSite({ ...site, isCaching: true }),
    'supervisor-devpi.conf': supervisorProgram(service),
    'supervisord.conf': supervisordConfig('devpi', 'supervisor-devpi.conf'),
    'devpi.service': systemdUnit(service),
    'windows-service.txt': `Wheelhouse does not run on Windows by itself: run it in the Windows Subsystem for Linux, with the file
devpi.service there, or in a container.
`,
  };
}
