import { execa } from 'execa';
import { cleanEnvironment } from './clean-environment.ts';
import { executablePath } from './clients.ts';

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly columns?: number;
}

export interface EndedInTerminal {
  /** As a shell would report it: 128 and the number of the signal that ended the program. */
  readonly exitCode: number;
  /** Whether the terminal echoes and reads lines again, as it did before. */
  readonly isRestored: boolean;
}

/** A program on a terminal of its own, with somebody who types. */
export interface Terminal extends AsyncDisposable {
  /** All that the program wrote so far, stdout and stderr as one, without what only moves and colours. */
  output(): string;
  /** Types; `\u0003` is Ctrl-C. */
  type(keys: string): void;
  /** Resolves when the output has the text or matches; throws with the output after a while. */
  until(expected: string | RegExp): Promise<void>;
  readonly ended: Promise<EndedInTerminal>;
}

const LIMIT_MS = 30_000;

/** Only Python can open a terminal without a compiled package: it passes on what is typed and what is written. */
const RELAY = `
import fcntl, json, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    # Until the size is set.
    os.read(0, 1)
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, int(sys.argv[1]), 0, 0))
before = termios.tcgetattr(fd)
os.write(fd, b'\\n')
sources = [fd, 0]
while True:
    ready = select.select(sources, [], [])[0]
    if 0 in ready:
        keys = os.read(0, 65536)
        if keys:
            os.write(fd, keys)
        else:
            sources.remove(0)
    if fd in ready:
        try:
            written = os.read(fd, 65536)
        except OSError:
            break
        os.write(1, written)
after = termios.tcgetattr(fd)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({'exitCode': code if code >= 0 else 128 - code, 'isRestored': before == after}), file=sys.stderr)
`;

/** Runs a program as somebody does who sits before it. */
export function openTerminal(argv: readonly string[], options: TerminalOptions = {}): Terminal {
  const { env = {}, cwd, columns = 80 } = options;
  const child = execa(executablePath('pip', 'python'), ['-c', RELAY, String(columns), ...argv], {
    reject: false,
    extendEnv: false,
    buffer: { stdout: false },
    stdin: 'pipe',
    env: { ...cleanEnvironment, TERM: 'xterm-256color', ...env },
    ...(cwd !== undefined && { cwd }),
  });
  let output = '';
  let hasEnded = false;
  let heard = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    heard.resolve();
    heard = Promise.withResolvers();
  });
  const ended = child.then(({ stderr }) => {
    hasEnded = true;
    heard.resolve();
    try {
      return JSON.parse(stderr) as EndedInTerminal;
    } catch {
      throw new Error(`the terminal broke: ${stderr}\n${output}`);
    }
  });
  ended.catch(() => undefined);

  return {
    output: () => plain(output),
    type: (keys) => void child.stdin.write(keys),
    async until(expected) {
      const isThere = () => {
        const text = plain(output);
        return typeof expected === 'string' ? text.includes(expected) : expected.test(text);
      };
      const deadline = Date.now() + LIMIT_MS;
      while (!isThere()) {
        const left = deadline - Date.now();
        const isOver = await Promise.race([
          heard.promise.then(() => hasEnded && !isThere()),
          new Promise<true>((resolve) => setTimeout(resolve, Math.max(0, left), true).unref()),
        ]);
        if (isOver) throw new Error(`no ${String(expected)} on the terminal:\n${JSON.stringify(output)}`);
      }
    },
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGHUP');
      await child;
    },
  };
}

/** Escape sequences of terminals: CSI, OSC, and the short ones. */
/* oxlint-disable no-control-regex */
const SEQUENCE =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])|[\u0000-\u0007\u0009\u000b-\u001f]/g;

function plain(text: string): string {
  // A step back stands before what is written over.
  return text.replace(SEQUENCE, '').replace(/[^\n]\u0008/g, '');
}
