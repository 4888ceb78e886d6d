import { AppError } from '#kernel/errors/app-error.ts';
import { defineCommand } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { optional } from '../options.ts';
import { DEFAULT_SERVER } from '../default-server.ts';

export const command = defineCommand({
  summary: 'Go through the first steps: server, password, user, index, installers',
  args: { url: optional(`URL of the server; default is the one in use, or ${DEFAULT_SERVER}`) },
  examples: ['wheelhouse setup', 'wheelhouse setup https://packages.example.com'],
  async run({ args }) {
    if (!process.stdin.isTTY) {
      throw new AppError(cliErrors.badArgument, 'setup asks questions, and there is no terminal to ask on', {
        hint: 'give the same steps as commands: wheelhouse passwd, user -c, login, index -c, use --set-cfg',
      });
    }
    const { askQuestions } = await import('../setup/questions.ts');
    const { carryOut } = await import('../setup/carry-out.ts');
    const { use } = await import('../use/use.ts');
    const { readSession } = await import('../session.ts');
    const answers = await askQuestions(args.url ?? (await readSession()).server ?? DEFAULT_SERVER);
    // From here on it takes a moment, and half of it would be in nobody's way but wrong.
    const goOn = () => undefined;
    process.on('SIGINT', goOn);
    try {
      await carryOut(answers);
      return await use({
        url: `${answers.server}/${answers.user}/${answers.index}`,
        isKept: true,
        setCfg: answers.isSet,
        pipSetTrusted: undefined,
        alwaysSetCfg: undefined,
        venv: undefined,
        local: false,
        urls: false,
        user: undefined,
        dryRun: false,
        json: false,
      });
    } finally {
      process.off('SIGINT', goOn);
    }
  },
});
