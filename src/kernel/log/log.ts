import { pino, type Logger } from 'pino';
import type { Config } from '../config/kernel-settings.ts';

export type Log = Logger;

/** Headers and fields that must never be written, wherever they occur in a log line. */
const redacted = ['authorization', 'x-devpi-auth', 'password', 'token', 'cookie'].flatMap((name) => [
  `["${name}"]`,
  `*["${name}"]`,
  `*.*["${name}"]`,
]);

/** The operator's log: JSON lines on stderr, or one readable line each on a terminal. */
export function createLog(config: Pick<Config, 'log.level' | 'log.format'>): Log {
  const destination = isTextLog(config)
    ? { write: (line: string) => process.stderr.write(textLine(line)) }
    : pino.destination({ dest: 2, sync: true });
  return pino(
    {
      level: config['log.level'],
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted, censor: '[redacted]' },
    },
    destination,
  );
}

/** Whether people read the log as it is written; else programs do, and nothing but JSON may be among it. */
export function isTextLog({ 'log.format': format }: Pick<Config, 'log.format'>): boolean {
  return format === 'text' || (format === 'auto' && process.stderr.isTTY === true);
}

function textLine(json: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const shown = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const error = err === undefined ? '' : `\n${(err as { stack?: string }).stack ?? JSON.stringify(err)}`;
  return (
    `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(msg)} ${shown.join(' ')}`.trimEnd() +
    `${error}\n`
  );
}
