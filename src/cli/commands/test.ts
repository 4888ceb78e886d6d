import { AppError } from '#kernel/errors/app-error.ts';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { cliErrors } from '../errors.ts';
import { flag, indexOption, jsonOption, negation, several, text } from '../options.ts';

export const command = defineCommand({
  summary: 'Download a release, run its tests with tox or pytest, and upload what came out',
  args: {
    specs: several("Projects, whose newest release is tested, or some of their releases: demo, 'demo<2'"),
  },
  options: {
    index: indexOption,
    server: serverOption,
    toxenv: { ...text('env', 'Environment of tox to run; several with commas.'), short: 'e' },
    toxini: { ...text('path', 'Configuration of tox to use instead of the one in the release.'), short: 'c' },
    fallbackIni: text('path', 'Configuration of tox to use where the release has none.'),
    toxArgs: text('arguments', 'More arguments for tox, or for pytest.'),
    upload: negation('Keep the result.'),
    select: {
      ...text('regex', 'Test the files whose names match; else an sdist and universal wheels.'),
      short: 's',
    },
    list: { ...flag('List the files that would be tested.'), short: 'l' },
    runner: text('tox|pytest', 'What runs the tests; pytest needs no tox.ini. Default is tox.'),
    python: { ...text('python', 'Python that pytest runs with; default is the active one.'), short: 'p' },
    json: jsonOption,
  },
  examples: [
    'wheelhouse test demo',
    'wheelhouse test -e py313 --index alice/dev demo==1.0',
    'wheelhouse test --runner pytest demo',
  ],
  async run({ args: { specs }, options }) {
    if (options.runner !== undefined && options.runner !== 'tox' && options.runner !== 'pytest') {
      throw new AppError(cliErrors.badArgument, `--runner must be tox or pytest, not ${options.runner}`);
    }
    if (options.json && !options.list) {
      throw new AppError(cliErrors.badArgument, '--json is for --list');
    }
    const { testReleases } = await import('../test-release/test-releases.ts');
    return await testReleases(specs, options);
  },
});
