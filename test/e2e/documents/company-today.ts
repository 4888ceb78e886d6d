import type { Difference } from './replay.ts';

const TWO_ROLES = 'this machine is the server, too';

export const IN_SUPERVISORS_FILE =
  '/home/web/repo/devpi/venv_devpi/bin/devpi-server --serverdir=/home/web/repo/devpi/data --refresh=60 --port=4040 --host=127.0.0.1 --debug';

/** What is different about the document in which a company describes its server. */
export const differences: readonly Difference[] = [
  {
    command: 'scp server.key devpi.yourbiz.co.uk:/home/patrick/repo/temp/',
    reason: TWO_ROLES,
    typed: 'cp server.key /home/patrick/repo/temp/',
  },
  {
    command: 'scp ssl-unified.crt devpi.yourbiz.co.uk:/home/patrick/repo/temp/',
    reason: TWO_ROLES,
    typed: 'cp ssl-unified.crt /home/patrick/repo/temp/',
  },
  { command: 'ssh devpi.yourbiz.co.uk', reason: TWO_ROLES, isLeft: true },
  { command: 'sudo -i', reason: 'the tests run as root', isLeft: true },
  {
    command: 'service nginx restart',
    reason: 'the nginx of the machine is not ours; one of the test starts with the site of the deployment',
    isLeft: true,
  },
  {
    command: 'virtualenv --python=python3.4 venv-devpi-client',
    reason: 'the Python that is there',
    typed: 'virtualenv --python=python3 venv-devpi-client',
  },
  {
    command: 'pip install --upgrade pip',
    reason: 'from the index that pip is configured for on this machine',
    typed: 'PIP_INDEX_URL=$MACHINE_INDEX pip install --upgrade pip',
  },
  {
    command: 'pip install devpi-client',
    reason: 'two clients are tried, which are there: devpi-client at the version of all tests, and ours',
    isLeft: true,
  },
  { command: 'sudo -i -u web', reason: 'the tests run as root', isLeft: true },
  {
    command: IN_SUPERVISORS_FILE,
    reason: 'it is written into the configuration of supervisor, which starts it',
    isLeft: true,
  },
  {
    command: '/var/log/supervisor/',
    reason: 'a directory that is looked into',
    typed: 'grep -rl supervisord /var/log/supervisor/',
  },
  ...[
    'running upload',
    'Submitting dist/pkimber-my-app-0.0.03.tar.gz to http://your.server/bz/dev/',
    'error: None',
  ].map((command): Difference => ({
    command,
    reason: 'no command, but what an upload wrote that failed',
    isLeft: true,
  })),
  {
    command: 'devpi index --delete dev',
    reason: 'devpi-client of today asks whether to',
    typed: 'echo yes | devpi index --delete dev',
  },
  {
    command: 'devpi index --delete dev',
    reason: 'an index that is not volatile is kept, as by devpi-server of today',
    exitCode: 1,
  },
];
