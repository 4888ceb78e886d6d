import { defineCommand } from '../command.ts';
import { required } from '../options.ts';

const shells = {
  bash: async () => (await import('../completion/bash.ts')).renderBash,
  zsh: async () => (await import('../completion/zsh.ts')).renderZsh,
  fish: async () => (await import('../completion/fish.ts')).renderFish,
};

export const command = defineCommand({
  summary: 'Print a script that completes command lines in bash, zsh or fish',
  args: { shell: { ...required('The shell that reads it'), values: Object.keys(shells) } },
  examples: [
    'eval "$(wheelhouse completion bash)"',
    'source <(wheelhouse completion zsh)',
    'wheelhouse completion fish | source',
  ],
  async run({ args: { shell } }) {
    const { completedPlaces } = await import('../completion/completed-words.ts');
    const render = await shells[shell as keyof typeof shells]();
    process.stdout.write(render(await completedPlaces()));
    return 0;
  },
});
