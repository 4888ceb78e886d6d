import { DEVPI_VERSION } from '#packages/contract';
import { WHEELHOUSE_VERSION as version } from '#kernel/version.ts';
import type { Difference } from './replay.ts';

const FEATURES =
  'supported features: push-no-docs, push-only-docs, push-register-project, server-keyvalue-parsing';
const URL = 'http://localhost:4040/alice/dev';
const HOME = '/home/hpk/p/devpi/doc/workstation/home';
const CONFIGURED = [
  '.config/pip/pip.conf',
  '.config/uv/uv.toml',
  '.pydistutils.cfg',
  '.buildout/default.cfg',
];
const NOT_CONFIGURED = CONFIGURED.map((name) => `${HOME}/${name}: no config file exists`);
const SET = CONFIGURED.map((name) => `${HOME}/${name}: ${URL}/+simple/`);
const SAYS_MORE = 'devpi-client of today says what the server can do, and what it sets';

/** What is different about the quickstart of devpi-server 1.1. */
export const differences: readonly Difference[] = [
  {
    command: 'pip install --pre -U -q devpi-server',
    reason: 'the name of the distribution',
    typed: 'pip install --pre -U -q wheelhouse-server',
  },
  {
    command: 'devpi-server --version',
    reason: 'the version whose interface it has',
    shown: ['1.1'],
    printed: [DEVPI_VERSION],
  },
  {
    command: 'TARGETDIR/bin/devpi-ctl status',
    reason: 'supervisorctl of today exits so while a program does not run',
    exitCode: 3,
  },
  {
    command: 'TARGETDIR/bin/devpi-ctl status',
    reason: 'supervisorctl of today has narrower columns',
    shown: ['devpi-server                     STOPPED    Not started'],
    printed: ['devpi-server                     STOPPED   Not started'],
  },
  {
    command: 'devpi-ctl tail [-f] devpi-server  # look at current logs',
    reason: 'what is in brackets may be left out; with it the log is followed without end',
    typed: 'devpi-ctl tail devpi-server',
  },
  {
    command: 'devpi-ctl status    # look at status of devpi processes',
    reason: 'supervisorctl of today exits so while a program does not run',
    exitCode: 3,
  },
  {
    command: 'pip uninstall -y devpi-server',
    reason: 'the name of the distribution',
    typed: 'pip uninstall -y wheelhouse-server',
  },
  {
    command: 'pip uninstall -y devpi-server',
    reason: 'pip of today tells the version',
    shown: ['Uninstalling devpi-server:', '  Successfully uninstalled devpi-server'],
    printed: [
      `Found existing installation: wheelhouse-server ${version}`,
      `Uninstalling wheelhouse-server-${version}:`,
      `  Successfully uninstalled wheelhouse-server-${version}`,
    ],
  },
  {
    command: 'cat TARGETDIR/etc/supervisord.conf',
    reason: 'without comments about directives of supervisor',
    shown: ['loglevel=info           ; info, debug, warn, trace'],
    printed: ['loglevel=info'],
  },
  {
    command: 'cat TARGETDIR/etc/supervisord.conf',
    reason: 'without comments about directives of supervisor',
    shown: [
      'nodaemon=false          ; run supervisord as a daemon',
      'minfds=1024             ; number of startup file descriptors',
      'minprocs=200            ; number of process descriptors',
      'childlogdir=/home/hpk/p/devpi/doc/TARGETDIR/log   ; where child log files will live',
    ],
    printed: [
      'nodaemon=false',
      'minfds=1024',
      'minprocs=200',
      'childlogdir=/home/hpk/p/devpi/doc/TARGETDIR/log',
    ],
  },
  {
    command: 'cat TARGETDIR/etc/supervisord.conf',
    reason: 'the comment is ours',
    shown: [
      '# if you have a system-wide supervisord installation',
      '# you might move the below actual program definitions',
      '# to a global /etc/supervisord/conf.d/devpi-server.conf',
    ],
    printed: ['# What follows runs under a supervisord of the system, too.'],
  },
  {
    command: 'cat TARGETDIR/etc/supervisord.conf',
    reason: 'the server ends its answers first, and has a log of its own',
    shown: ['startsecs = 5', 'redirect_stderr = True'],
    printed: [
      'startsecs = 5',
      '# Running answers have ten seconds to end.',
      'stopwaitsecs = 20',
      'redirect_stderr = True',
      'stdout_logfile=/home/hpk/p/devpi/doc/TARGETDIR/log/devpi-server.log',
    ],
  },
  {
    command: 'cat TARGETDIR/etc/nginx-devpi.conf',
    reason: 'nginx warns of text/html, which it has anyway; pages for installers came later',
    shown: ['    gzip_types       text/html application/json;'],
    printed: [
      '    # nginx adds text/html by itself.',
      '    gzip_types       application/json application/vnd.pypi.simple.v1+json;',
    ],
  },
  {
    command: 'cat TARGETDIR/etc/nginx-devpi.conf',
    reason: 'large uploads and slow answers, which devpi of then had no directives for; the comment is ours',
    shown: ['', '    root /home/hpk/p/devpi/doc/TARGETDIR/data;  # arbitrary for now'],
    printed: [
      '',
      '    # The server says how large an upload may be, and reads it while it comes.',
      '    client_max_body_size     0;',
      '    proxy_request_buffering  off;',
      '    proxy_buffering          off;',
      '    proxy_http_version       1.1;',
      '    proxy_read_timeout       300s;',
      '',
      "    root /home/hpk/p/devpi/doc/TARGETDIR/data;  # every address is the server's",
    ],
  },
  {
    command: 'cat TARGETDIR/etc/nginx-devpi.conf',
    reason:
      'more headers tell the address of clients, and that nobody else may say where files are sent from',
    shown: ['        proxy_set_header  X-Real-IP $remote_addr;'],
    printed: [
      '        proxy_set_header  X-Real-IP $remote_addr;',
      '        proxy_set_header  X-Forwarded-For $remote_addr;',
      '        proxy_set_header  X-Accel-Location "";',
    ],
  },
  {
    command: 'pip install --pre -U -q devpi-client',
    reason: 'two clients are tried, which are there: devpi-client at the version of all tests, and ours',
    isLeft: true,
  },
  {
    command: 'devpi use http://localhost:4040',
    reason: SAYS_MORE,
    shown: [],
    printed: [...NOT_CONFIGURED, 'always-set-cfg: no'],
  },
  {
    command: 'devpi user -m root password=123',
    reason: 'devpi-client of today says what it changes',
    shown: [],
    printed: ['/root changing password: ********', 'user modified: root'],
  },
  {
    command: 'devpi index -c dev',
    reason: 'devpi-client of today shows the address of an index',
    shown: ['dev:'],
    printed: [`${URL}?no_projects=:`],
  },
  {
    command: 'devpi index -c dev',
    reason: 'shown once it is set',
    shown: ['  uploadtrigger_jenkins=None'],
    printed: [],
  },
  {
    command: 'devpi index -c dev',
    reason: 'options that came later',
    shown: [],
    printed: [
      '  acl_toxresult_upload=:ANONYMOUS:',
      '  mirror_whitelist=',
      '  mirror_whitelist_inheritance=intersection',
    ],
  },
  {
    command: 'devpi use alice/dev',
    reason: 'the words of devpi-client of today',
    shown: [`using index: ${URL}/ (logged in as alice)`],
    printed: [`current devpi index: ${URL} (logged in as alice)`],
  },
  {
    command: 'devpi use alice/dev',
    reason: SAYS_MORE,
    shown: [],
    printed: [FEATURES, ...NOT_CONFIGURED, 'always-set-cfg: no'],
  },
  ...(
    [
      ['devpi use --set-cfg alice/dev', 'no'],
      ['devpi use --always-set-cfg=yes', 'yes'],
    ] as const
  ).flatMap(([command, always]): Difference[] => [
    {
      command,
      reason: SAYS_MORE,
      shown: [],
      printed: [
        `current devpi index: ${URL} (logged in as alice)`,
        FEATURES,
        ...SET,
        `always-set-cfg: ${always}`,
      ],
    },
    {
      command,
      client: 'our client under its name',
      reason: 'it sets other tools, too',
      shown: [`always-set-cfg: ${always}`],
      printed: [
        `${HOME}/.config/pypoetry/config.toml: ${URL}/`,
        `${HOME}/.config/pdm/config.toml: ${URL}/+simple/`,
        `${HOME}/.pypirc: ${URL}/`,
        `always-set-cfg: ${always}`,
      ],
    },
  ]),
  {
    command: 'devpi-server --serverdir newserver --port 5000',
    reason: 'it serves until it is stopped, and other lines follow',
    typed: 'devpi-server --serverdir newserver --port 5000 &',
  },
];
