import { findProgram } from '../find-program.ts';

/** Lines for `crontab -e`, where supervisord is to be started by cron: an example, so all of it is comment. */
export function crontabExample(supervisorConfig: string): string {
  const supervisord = findProgram('supervisord') ?? '/usr/bin/supervisord';
  return `# Starts supervisord, and with it the server, when the machine has started. Take the line over with: crontab -e
# @reboot ${supervisord} -c ${supervisorConfig}
`;
}
