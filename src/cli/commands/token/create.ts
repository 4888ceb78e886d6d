import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../../errors.ts';
import { flag, required, text, texts } from '../../options.ts';

export const command = defineCommand({
  summary: 'Make an API token, which is shown this once',
  args: { name: required('What it is called, for people') },
  options: {
    scope: texts('scope', 'What it is for, such as packages.upload'),
    on: texts('index', 'The only index that it is for, as USER/INDEX'),
    days: text('count', 'How long it is valid.'),
    server: serverOption,
    dryRun: flag('Say what would be made, and make nothing.'),
    json: flag('Print what was made as JSON.'),
  },
  examples: ['wheelhouse token create laptop --scope packages.upload --on alice/dev --days 90'],
  async run({ args: { name }, options: { scope, on, days, server, dryRun, json } }) {
    if (days !== undefined && !/^[1-9]\d{0,5}$/.test(days)) {
      throw new AppError(cliErrors.badArgument, `--days must be a whole number, not ${days}`);
    }
    const { operations } = await import('#accounts/contract');
    const client = await currentClient(server);
    const body = {
      name,
      scopes: [...scope],
      ...(on.length > 0 && { on: [...on] }),
      ...(days !== undefined && { days: Number(days) }),
    };
    if (dryRun) {
      const places = on.length > 0 ? ` on ${on.join(', ')}` : '';
      process.stderr.write(`would make the token ${name}: ${scope.join(', ')}${places}\n`);
      return 0;
    }
    const { result } = await client.call(operations.createToken, { body });
    if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else {
      process.stdout.write(`${result.token}\n`);
      process.stderr.write(`valid until ${result.expires}; use it as the password of __token__\n`);
    }
    return 0;
  },
});
