import { AppError } from '#kernel/errors/app-error.ts';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { cliErrors } from '../errors.ts';
import { dryRunOption, flag, indexOption, jsonOption, negation, required, text } from '../options.ts';

export const command = defineCommand({
  summary: 'Copy a release to another index, or to one elsewhere that .pypirc names',
  args: {
    release: required('A release: demo==1.0'),
    target: required('USER/INDEX of the same server, or pypi:SECTION of .pypirc'),
  },
  options: {
    index: { ...indexOption, summary: indexOption.summary.replace('The index', 'The index to copy from') },
    server: serverOption,
    docs: negation('Leave the documentation out.'),
    onlyDocs: flag('Copy the documentation only.'),
    pypirc: text('file', 'Another file than ~/.pypirc.'),
    registerProject: flag('Register the project elsewhere first.'),
    dryRun: dryRunOption,
    json: jsonOption,
  },
  examples: [
    'wheelhouse push demo==1.0 alice/prod',
    'wheelhouse push --index alice/dev demo==1.0 pypi:company',
  ],
  async run({ args, options }) {
    if (!options.docs && options.onlyDocs) {
      throw new AppError(cliErrors.badArgument, "Can't use '--no-docs' and '--only-docs' together.");
    }
    const { push } = await import('../push/push.ts');
    return await push(args, options);
  },
});
