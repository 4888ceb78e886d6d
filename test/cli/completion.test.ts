import { delimiter, dirname, join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '#kernel/process/run.ts';
import { cleanEnvironment } from '#test/clean-environment.ts';
import { debianPath, findProgram } from '#test/clients.ts';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { launcher } from '#test/server.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';
import { openTerminal } from '#test/terminal.ts';

const env = { PATH: [dirname(launcher), cleanEnvironment['PATH']].join(delimiter) };
const directory = await makeTemporaryDirectory();
const shells = ['bash', 'zsh', 'fish'] as const;

/** What somebody types before Tab, and all that is offered then. */
const offers: Readonly<Record<string, readonly string[]>> = {
  'wheelhouse tok': ['token'],
  'wheelhouse token ': ['create', 'list', 'revoke'],
  'wheelhouse token create --s': ['--scope', '--server'],
  'wheelhouse completion ': ['bash', 'fish', 'zsh'],
  'wheelhouse serve --pack': [],
  'wheelhouse config show --js': ['--json'],
};

beforeAll(async () => {
  for (const shell of shells) {
    const { stdout, exitCode } = await runWheelhouse(['completion', shell]);
    expect(exitCode).toBe(0);
    await writeFile(join(directory.path, `_wheelhouse.${shell}`), stdout);
  }
  await writeFile(join(directory.path, 'notes.txt'), '');
});

const script = (shell: string) => join(directory.path, `_wheelhouse.${shell}`);

describe('bash', () => {
  it.each(Object.entries(offers))('completes %s', async (line, expected) => {
    const words = line.split(' ');
    const ask = `source ${script('bash')}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _wheelhouse; printf '%s\\n' "\${COMPREPLY[@]}"`;

    const { stdout, stderr } = await run(['bash', '--norc', '-c', ask], { env });

    expect([stdout.split('\n').filter(Boolean).toSorted(), stderr]).toEqual([expected, '']);
  });
});

describe.skipIf(findProgram('fish') === undefined && !process.env['CI'])('fish', () => {
  it.each(Object.entries(offers))('completes %s', async (line, expected) => {
    const ask = `source ${script('fish')}; complete -C '${line}'`;

    const { stdout, stderr } = await run([debianPath('fish'), '--no-config', '-c', ask], {
      env: { ...env, HOME: directory.path },
      cwd: directory.path,
    });

    const words = stdout.split('\n').map((each) => each.split('\t')[0] ?? '');
    expect([words.filter(Boolean).toSorted(), stderr]).toEqual([expected, '']);
  });
});

const starts = {
  bash: () => ['bash', '--norc', '--noprofile', '-i'],
  zsh: () => [debianPath('zsh'), '-f', '-i'],
  fish: () => [debianPath('fish'), '--no-config'],
} as const;

const sourcing = {
  bash: 'PS1=ready\\>; source',
  zsh: 'PS1=ready\\>; autoload -Uz compinit && compinit -D -u && source',
  fish: 'function fish_prompt; echo -n ready\\>; end; source',
} as const;

describe.each(shells)('somebody who types in %s', (shell) => {
  it.skipIf(findProgram(shell) === undefined && !process.env['CI'])(
    'gets words, options and files with Tab',
    async () => {
      await using terminal = openTerminal(starts[shell](), {
        env: { ...env, HOME: directory.path },
        cwd: directory.path,
        columns: 160,
      });
      terminal.type(`${sourcing[shell]} ${script(shell)}\r`);
      await terminal.until(/ready>\s*$/);

      terminal.type('wheelhouse con\t');
      await terminal.until(/config /);
      terminal.type('sh\t');
      await terminal.until(/config show /);
      terminal.type('--js\t');
      await terminal.until(/--json /);
      terminal.type('--config no\t');
      await terminal.until('notes.txt');
    },
  );
});
