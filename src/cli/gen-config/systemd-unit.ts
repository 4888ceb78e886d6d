import { dirname } from 'node:path';
import { percentWord, type Service } from './service.ts';

const STATE = '/var/lib';

/**
 * The unit of systemd: the server may write its own directories and nothing else, reach the network, and do nothing that needs
 * a privilege. Node writes the code that it runs, so memory stays executable.
 */
export function systemdUnit(service: Service): string {
  const { argv, environment, user, serverdir, filesDirectory } = service;
  const variables = Object.entries(environment).map(
    ([name, value]) => `Environment=${name}=${percentWord(value)}`,
  );
  // Homes are out of sight, unless something of the server is in one.
  const isInHome = [argv[0] ?? '', serverdir, filesDirectory].some((path) => /^\/(?:home|root)\//.test(path));
  return `[Unit]
Description=Wheelhouse package index
Wants=network-online.target
After=network-online.target
# A database on another machine may come later than the server.
StartLimitIntervalSec=0

[Service]
User=${percentWord(user)}
${writableDirectories([serverdir, filesDirectory]).join('\n')}
CacheDirectory=wheelhouse
Environment=XDG_CACHE_HOME=%C/wheelhouse
${variables.map((line) => `${line}\n`).join('')}ExecStart=${argv.map(percentWord).join(' ')}
Restart=always
RestartSec=2
# Running answers have ten seconds to end.
TimeoutStopSec=20
LimitNOFILE=65536
UMask=0077

ProtectSystem=strict
ProtectHome=${isInHome ? 'read-only' : 'yes'}
PrivateTmp=yes
PrivateMounts=yes
PrivateDevices=yes
PrivateUsers=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
CapabilityBoundingSet=
NoNewPrivileges=yes
LockPersonality=yes
KeyringMode=private
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** What is below the directory of states systemd makes by itself; other directories must be there. */
function writableDirectories(directories: readonly string[]): readonly string[] {
  const outer = directories.filter(
    (directory) => !directories.some((other) => directory.startsWith(`${other}/`)),
  );
  const isState = (directory: string) => dirname(directory) === STATE;
  const states = outer.filter(isState).map((directory) => directory.slice(STATE.length + 1));
  return [
    ...(states.length > 0
      ? [`StateDirectory=${states.map(percentWord).join(' ')}`, 'StateDirectoryMode=0700']
      : []),
    ...outer
      .filter((directory) => !isState(directory))
      .map((directory) => `ReadWritePaths=${percentWord(directory)}`),
  ];
}
