import { join, resolve } from 'node:path';
import { DEFAULT_SERVERDIR } from '#kernel/config/kernel-settings.ts';
import type { FullConfig } from '../../parts.ts';
import { plainPath } from '../deployment/deployment.ts';
import { nginxSite } from '../deployment/nginx-site.ts';
import { composeFile, containerfile } from './container-files.ts';
import { crontabExample } from './crontab.ts';
import { launchdPlist } from './launchd-plist.ts';
import { programWords } from './program-path.ts';
import { plainWord, type Service } from './service.ts';
import { supervisordConfig, supervisorProgram } from './supervisor-files.ts';
import { systemdUnit } from './systemd-unit.ts';

/** Of a server that the system runs, which has no home. */
const SYSTEM_SERVERDIR = '/var/lib/wheelhouse';
const INTERNAL_LOCATION = '/+stored/';

export interface WheelhouseFiles {
  /** Where the files are written. */
  readonly directory: string;
  readonly user: string;
  readonly certificates: string;
}

/** The files of `wheelhouse gen-config` by name. */
export function wheelhouseFiles(
  config: FullConfig,
  { directory, user, certificates }: WheelhouseFiles,
): Readonly<Record<string, string>> {
  const { host, port } = config;
  const serverdir = plainPath(config.serverdir === DEFAULT_SERVERDIR ? SYSTEM_SERVERDIR : config.serverdir);
  // Beside the server directory, into which nobody else may look.
  const filesDirectory = plainPath(config['files-directory'] ?? `${serverdir}-files`);
  const location = config['http.internal-location'] ?? INTERNAL_LOCATION;
  const outsideUrl = URL.parse(config['outside-url'] ?? '') ?? undefined;
  const service: Service = {
    name: 'wheelhouse',
    argv: [...programWords('wheelhouse'), 'serve'],
    environment: { WHEELHOUSE_SERVERDIR: serverdir },
    user,
    serverdir,
    filesDirectory,
  };
  const stored = { location, directory: filesDirectory };
  const site = { outsideUrl, host, port, serverdir, certificates: plainPath(certificates), stored };
  return {
    'wheelhouse.yml': `# For ${serverdir}/wheelhouse.yml, beside what is there already. Readable for ${user} alone, since settings may be secret.
host: ${JSON.stringify(host)}
port: ${port}
${outsideUrl === undefined ? '' : `outside-url: ${JSON.stringify(plainWord(outsideUrl.href))}\n`}files-directory: ${filesDirectory}
http:
  # nginx has the stored files there, and sends them.
  internal-location: ${location}
`,
    'wheelhouse.service': `# For /etc/systemd/system, and then: systemctl daemon-reload && systemctl enable --now wheelhouse
${systemdUnit(service)}`,
    'nginx-wheelhouse.conf': `# For /etc/nginx/sites-enabled. To send stored files nginx must be in the group of the server:
# usermod --append --groups ${user} www-data
${nginxSite(site)}`,
    'supervisor-wheelhouse.conf': supervisorProgram(service),
    'supervisord.conf': supervisordConfig('wheelhouse', 'supervisor-wheelhouse.conf'),
    crontab: crontabExample(join(resolve(directory), 'supervisord.conf')),
    'wheelhouse.plist': launchdPlist('wheelhouse', service),
    'compose.yaml': composeFile({ port, outsideUrl }),
    Containerfile: containerfile(),
  };
}
