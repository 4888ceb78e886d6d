import { percentWord, type Service } from './service.ts';

/** The program for supervisord, also for one of the system, which starts it as its user. */
export function supervisorProgram({ name, argv, environment, user }: Service): string {
  const variables = Object.entries(environment).map(([key, value]) => `${key}="${percentWord(value)}"`);
  return `[program:${name}]
command=${argv.map(percentWord).join(' ')}
${variables.length > 0 ? `environment=${variables.join(',')}\n` : ''}user=${percentWord(user)}
priority=999
startsecs=5
# Running answers have ten seconds to end.
stopwaitsecs=20
redirect_stderr=true
autostart=true
`;
}

/** A supervisord for that program alone, whose files are in the directory of its configuration. */
export function supervisordConfig(name: string, included: string): string {
  return `[unix_http_server]
file=%(here)s/${name}-supervisor.sock

[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s
directory=%(here)s

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://%(here)s/${name}-supervisor.sock

[include]
files=${included}
`;
}
