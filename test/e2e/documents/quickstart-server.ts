import type { Line, Step } from './step.ts';

// Commands and printed lines of devpi's "Quickstart: permanent install on server/laptop" (1.1), in its order. `DIR` is the
// directory in which its author worked.

const USING = 'using supervisor config: DIR/TARGETDIR/etc/supervisord.conf';
const NEWER = 'devpi-client of today says more about what is in use';
const OPTIONS = 'today’s options of an index';

export const onTheServer: readonly Step[] = [
  { command: 'pip install --pre -U -q devpi-server', prints: [] },
  { command: 'devpi-server --version', prints: ['1.1'] },
  { command: 'pip install -q -U virtualenv', prints: [] },
  { command: 'virtualenv -q TARGETDIR', prints: [] },
  {
    command: 'devpi-server --gendeploy=TARGETDIR --port 4040',
    prints: [
      'using existing virtualenv: DIR/TARGETDIR',
      'installing devpi-server,supervisor,eventlet into virtualenv',
      'wrote DIR/TARGETDIR/etc/supervisord.conf',
      'wrote DIR/TARGETDIR/etc/nginx-devpi.conf',
      'wrote DIR/TARGETDIR/bin/devpi-ctl',
      'wrote DIR/TARGETDIR/etc/crontab',
      'created and configured DIR/TARGETDIR',
      `To control supervisor's deployment of devpi-server set:`,
      '',
      `    alias devpi-ctl='DIR/TARGETDIR/bin/devpi-ctl'`,
      '',
      'and then start the server process:',
      '',
      '    devpi-ctl start all',
      'It seems you are using "cron", so we created a crontab file',
      ' which starts devpi-server at boot. With:',
      '',
      '    crontab DIR/TARGETDIR/etc/crontab',
      '',
      'you should be able to install the new crontab but please check it',
      'first.',
      '',
      'We prepared an nginx configuration at:',
      '',
      '    DIR/TARGETDIR/etc/nginx-devpi.conf',
      '',
      'which you might modify and copy to your /etc/nginx/sites-enabled',
      'directory.',
      '',
      'may quick reliable pypi installations be with you :)',
    ],
  },
];

export const controlling: readonly Step[] = [
  {
    command: 'TARGETDIR/bin/devpi-ctl status',
    exitCode: 3,
    exitReason: 'supervisorctl of today exits so while a program does not run',
    prints: [
      'devpi-server                     STOPPED    Not started',
      'restarted DIR/TARGETDIR/bin/supervisord',
      USING,
    ],
  },
  {
    command: 'TARGETDIR/bin/devpi-ctl start devpi-server',
    prints: ['devpi-server: started', USING],
  },
  { command: 'devpi-ctl status' },
  { command: 'devpi-ctl stop all' },
  { command: 'devpi-ctl start all' },
  { command: 'devpi-ctl tail devpi-server' },
  { command: 'devpi-ctl shutdown' },
  { command: 'devpi-ctl status', exitCode: 3, exitReason: 'as above' },
  {
    command: 'pip uninstall -y devpi-server',
    prints: [
      {
        shown: 'Uninstalling devpi-server:',
        today: /^Found existing installation: /,
        reason: 'pip of today',
      },
      { shown: '', today: /^Uninstalling wheelhouse-server-\S+:$/, reason: 'pip of today tells the version' },
      {
        shown: '  Successfully uninstalled devpi-server',
        today: /^ {2}Successfully uninstalled wheelhouse-server-\S+$/,
        reason: 'pip of today tells the version',
      },
    ],
  },
  {
    command: 'cat TARGETDIR/etc/supervisord.conf',
    more: 'comments are ours, and there are directives more',
    prints: [
      '[unix_http_server]',
      'file = %(here)s/../supervisor.socket',
      '[supervisord]',
      'logfile=DIR/TARGETDIR/log/supervisord.log',
      'pidfile=DIR/TARGETDIR/supervisord.pid',
      'logfile_maxbytes=50MB',
      'logfile_backups=5',
      'loglevel=info',
      'redirect_stderr = True',
      'nodaemon=false',
      'minfds=1024',
      'minprocs=200',
      'childlogdir=DIR/TARGETDIR/log',
      '[rpcinterface:supervisor]',
      'supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface',
      '[supervisorctl]',
      'serverurl=unix://%(here)s/../supervisor.socket',
      '[program:devpi-server]',
      'command=DIR/TARGETDIR/bin/devpi-server --port 4040 --serverdir DIR/TARGETDIR/data',
      'priority=999',
      'startsecs = 5',
      'redirect_stderr = True',
      'autostart=False',
    ],
  },
  {
    command: 'cat TARGETDIR/etc/nginx-devpi.conf',
    more: 'comments are ours, and there are directives more',
    prints: [
      'server {',
      '    server_name localhost;',
      '    listen 80;',
      '    gzip             on;',
      '    gzip_min_length  2000;',
      '    gzip_proxied     any;',
      {
        shown: '    gzip_types       text/html application/json;',
        today: /^ {4}gzip_types +application\/json application\/vnd\.pypi\.simple\.v1\+json;$/,
        reason: 'nginx warns of text/html, which it has anyway; pages for installers came later',
      },
      {
        shown: '    root DIR/TARGETDIR/data;  # arbitrary for now',
        today: /^ {4}root DIR\/TARGETDIR\/data; #/,
        reason: 'the comment is ours',
      },
      '    location / {',
      '        proxy_pass http://localhost:4040;',
      '        proxy_set_header  X-outside-url $scheme://$host;',
      '        proxy_set_header  X-Real-IP $remote_addr;',
      '    }',
      '}',
    ],
  },
  {
    command: 'cat TARGETDIR/etc/crontab',
    more: 'the lines that the user’s table has',
    prints: ['@reboot DIR/TARGETDIR/bin/devpi-ctl start all'],
  },
  { command: 'crontab TARGETDIR/etc/crontab', prints: [] },
];

export const onAnotherMachine: readonly Step[] = [
  {
    command: 'pip install --pre -U -q devpi-client',
    left: 'two clients are tried: devpi-client at the version that all tests have, and ours',
  },
  {
    command: 'devpi use http://localhost:4040',
    more: NEWER,
    prints: [
      'using server: http://localhost:4040/ (not logged in)',
      `no current index: type 'devpi use -l' to discover indices`,
    ],
  },
  {
    command: 'devpi login root --password ""',
    prints: [`logged in 'root', credentials valid for 10.00 hours`],
  },
  { command: 'devpi user -m root password=123' },
  { command: 'devpi user -l', prints: ['root'] },
  { command: 'devpi logoff', prints: ['login information deleted'] },
  {
    command: 'devpi user -c alice password=456 email=alice@example.com',
    prints: ['user created: alice'],
  },
  {
    command: 'devpi login alice --password=456',
    prints: [`logged in 'alice', credentials valid for 10.00 hours`],
  },
  {
    command: 'devpi index -c dev',
    more: OPTIONS,
    prints: [
      { shown: 'dev:', today: /^http:\/\/localhost:4040\/alice\/dev\?no_projects=:$/, reason: 'its address' },
      '  type=stage',
      '  bases=root/pypi',
      '  volatile=True',
      { shown: '  uploadtrigger_jenkins=None', today: undefined, reason: 'shown once it is set' },
      '  acl_upload=alice',
    ],
  },
  {
    command: 'devpi use alice/dev',
    more: NEWER,
    prints: [
      {
        shown: 'using index: http://localhost:4040/alice/dev/ (logged in as alice)',
        today: /^current devpi index: http:\/\/localhost:4040\/alice\/dev \(logged in as alice\)$/,
        reason: 'the words of devpi-client of today',
      },
    ],
  },
  { command: 'devpi use --set-cfg alice/dev' },
  { command: 'devpi use --always-set-cfg=yes' },
];

export const atTheEnd: readonly Step[] = [
  {
    command: 'TARGETDIR/bin/devpi-ctl shutdown',
    prints: ['Shut down', USING],
  },
];

/** How a line may look that the document does not know word for word. */
export function patternOf(line: Line): {
  readonly shown: string;
  readonly today: RegExp | string | undefined;
} {
  return typeof line === 'string' ? { shown: line, today: line } : line;
}
