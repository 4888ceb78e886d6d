import { parseArgs } from 'node:util';

export interface CommonOptions {
  readonly targets: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly quick: boolean;
  readonly full: boolean;
  /** Wait for the machine to be quiet before each sample. */
  readonly isPatient: boolean;
  /** Only cases whose description matches. */
  readonly only: RegExp | undefined;
  readonly json: boolean;
  readonly markdownPath: string | undefined;
  readonly authentication: 'token' | 'password';
  /** What the fixture upstream waits before each answer. */
  readonly latencyMs: number;
}

const usage = `options:
  --targets A,B     what to measure, the first is compared with the others (default: all)
  --rounds N        measured rounds after one that is thrown away (default 3)
  --seconds N       length of one sample, whole seconds (default 2)
  --quick           one round of one second: tells whether it works, not how fast it is
  --no-wait         do not wait for a quiet machine before each sample
  --full            devpi-server too gets 4000 files in a project, which takes twenty minutes
  --only REGEX      only the cases whose description matches
  --auth WHAT       uploads: token (as devpi-client, default) or password on every request (as twine)
  --latency MS      mirrors: what the fixture upstream waits before each answer (default 20)
  --json            print all samples as JSON instead of the tables
  --markdown FILE   also write the tables to FILE
`;

/** Reads the command line; a mistake in it prints the usage and ends the program. */
export function readOptions(argv: readonly string[], knownTargets: readonly string[]): CommonOptions {
  try {
    return parse(argv, knownTargets);
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

function parse(argv: readonly string[], knownTargets: readonly string[]): CommonOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      targets: { type: 'string', default: knownTargets.join(',') },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      'no-wait': { type: 'boolean', default: false },
      only: { type: 'string' },
      auth: { type: 'string', default: 'token' },
      latency: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
      markdown: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const targets = values.targets.split(',').filter((name) => name !== '');
  const unknown = targets.filter((name) => !knownTargets.includes(name));
  if (targets.length === 0 || unknown.length > 0) {
    throw new Error(`--targets takes some of ${knownTargets.join(', ')}; got \`${values.targets}\``);
  }
  if (values.auth !== 'token' && values.auth !== 'password')
    throw new Error('--auth takes token or password');
  if (!/^\d+$/.test(values.latency))
    throw new Error(`--latency takes milliseconds; got \`${values.latency}\``);
  return {
    targets,
    latencyMs: Number(values.latency),
    rounds: readCount('rounds', values.rounds, values.quick ? 1 : 3),
    seconds: readCount('seconds', values.seconds, values.quick ? 1 : 2),
    quick: values.quick,
    full: values.full,
    isPatient: !values.quick && !values['no-wait'],
    only: values.only === undefined ? undefined : new RegExp(values.only),
    json: values.json,
    markdownPath: values.markdown,
    authentication: values.auth,
  };
}

function readCount(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${name} takes a whole number above 0; got \`${value}\``);
  return Number(value);
}
