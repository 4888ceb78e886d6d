import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';

/** What a line that was typed came to. */
export interface Typed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A shell at which somebody types one line after the other: directories, variables and aliases stay. */
export interface Shell extends AsyncDisposable {
  /** Types a line and waits until it has ended; what it leaves in the background goes on. */
  type(line: string): Promise<Typed>;
}

const LIMIT_MS = 300_000;

export async function openShell(cwd: string, env: Readonly<Record<string, string>>): Promise<Shell> {
  const directory = await mkdtemp(join(cwd, '.shell-'));
  const [out, err] = [join(directory, 'out'), join(directory, 'err')];
  const bash = execa('bash', ['--noprofile', '--norc'], {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    buffer: false,
    stdin: 'pipe',
  });
  bash.stderr.resume();
  bash.stdin.write('shopt -s expand_aliases checkhash\n');
  const codes = createInterface({ input: bash.stdout })[Symbol.asyncIterator]();
  return {
    async type(line) {
      bash.stdin.write(`{\n${line}\n} </dev/null >'${out}' 2>'${err}'\necho $?\n`);
      const limit = setTimeout(() => bash.kill('SIGKILL'), LIMIT_MS);
      const code = await codes.next();
      clearTimeout(limit);
      const [stdout, stderr] = await Promise.all([readFile(out, 'utf8'), readFile(err, 'utf8')]);
      if (code.done) throw new Error(`the shell ended during: ${line}\n${stdout}\n${stderr}`);
      return { exitCode: Number(code.value), stdout, stderr };
    },
    async [Symbol.asyncDispose]() {
      bash.stdin.end();
      await bash;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
