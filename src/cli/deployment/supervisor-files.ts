import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { placesOf, type Deployment } from './deployment.ts';

/** The configuration of supervisord, which runs the server; the names and places in it are those of devpi 1.x. */
export function supervisorConfig(deployment: Deployment): string {
  const { directory, port, serverdir, options } = deployment;
  const { log, server } = placesOf(deployment);
  const command = [server, '--port', String(port), '--serverdir', serverdir, ...options]
    .map(wordOf)
    .join(' ');
  return `[unix_http_server]
file = %(here)s/../supervisor.socket

[supervisord]
logfile=${log}/supervisord.log
pidfile=${directory}/supervisord.pid
logfile_maxbytes=50MB
logfile_backups=5
loglevel=info
redirect_stderr = True
nodaemon=false
minfds=1024
minprocs=200
childlogdir=${log}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://%(here)s/../supervisor.socket

# What follows runs under a supervisord of the system, too.

[program:devpi-server]
command=${command}
priority=999
startsecs = 5
# Running answers have ten seconds to end.
stopwaitsecs = 20
redirect_stderr = True
stdout_logfile=${log}/devpi-server.log
autostart=False
`;
}

/** As supervisord reads it, which replaces what stands behind a percent sign, and takes ` ;` for a comment. */
function wordOf(value: string): string {
  if (!/^[\w./+@=,:%*~[\]-]+$/.test(value)) {
    throw new AppError(
      cliErrors.badDeployment,
      `${value}: cannot stand in the configuration of supervisord`,
      {
        hint: 'leave it out, and set it in wheelhouse.yml of the server directory',
      },
    );
  }
  return value.replaceAll('%', '%%');
}

/** The program `devpi-ctl`: supervisorctl, and before it supervisord where that does not run. */
export function controlProgram(deployment: Deployment): string {
  const { python } = placesOf(deployment);
  return `#!${python}
"""Controls this deployment with supervisorctl; starts its supervisord where that does not run."""

import os
import socket
import subprocess
import sys
import time

SHUTDOWN_LIMIT_SECONDS = 60
DIRECTORY = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
CONFIG = os.path.join(DIRECTORY, "etc", "supervisord.conf")
SUPERVISORD = os.path.join(DIRECTORY, "bin", "supervisord")
PID_FILE = os.path.join(DIRECTORY, "supervisord.pid")
SUPERVISORCTL = os.path.join(DIRECTORY, "bin", "supervisorctl")


def is_running():
    # After a reboot the number in the pid file may be that of any other program: only the socket tells.
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.path.join(DIRECTORY, "supervisor.socket"))
        except OSError:
            return False
    return True


def start():
    started = subprocess.run([SUPERVISORD, "-c", CONFIG]).returncode
    # Another devpi-ctl may have been quicker.
    if started != 0 and not is_running():
        sys.exit(started)


def wait_until_ended():
    # It answers before its programs have ended; the file goes last.
    deadline = time.monotonic() + SHUTDOWN_LIMIT_SECONDS
    while os.path.exists(PID_FILE) and time.monotonic() < deadline:
        time.sleep(0.05)


def main(arguments):
    is_shutdown = arguments[:1] == ["shutdown"]
    was_running = is_running()
    if not was_running:
        if is_shutdown:
            print("supervisord does not run")
            return 0
        start()
    try:
        code = subprocess.run([SUPERVISORCTL, "-c", CONFIG, *arguments]).returncode
        if is_shutdown and code == 0:
            wait_until_ended()
    except KeyboardInterrupt:
        code = 130
    if not was_running:
        print("restarted", SUPERVISORD)
    print("using supervisor config:", CONFIG)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
`;
}
