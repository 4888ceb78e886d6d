import { environmentName, type Setting } from '#kernel/config/setting.ts';
import type { Part } from '#kernel/part.ts';
import { settingsOf } from '../../src/parts.ts';
import type { Command } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { code, generatedFrom, page } from './markdown.ts';

/** docs/reference/config.md */
export async function renderConfig(parts: readonly Part[]): Promise<string> {
  const loaded = await Promise.all(
    commands.map(async ({ name, load }) => ({ name, command: (await load()).command })),
  );
  return page(
    generatedFrom('src/kernel/config/kernel-settings.ts', 'the settings.ts of each part'),
    '# Settings',
    'Nothing has to be set. A value is taken from the first of these that has one:',
    [
      '1. the flag of a command, such as `--port 4040`;',
      '2. the environment, such as `WHEELHOUSE_PORT=4040`;',
      '3. the file `wheelhouse.yml` in the server directory, or the one that `--config` names;',
      '4. the default.',
    ].join('\n'),
    'In the file, a name with a dot may be written as one key or as a section:',
    '```yaml\nhost: 0.0.0.0\npackages.max-upload-bytes: 1073741824\nlog:\n  level: warn\n```',
    'All settings are checked before anything starts, and all problems are reported together with their place. A ' +
      'variable that begins with `WHEELHOUSE_` and is no setting is a problem too. `wheelhouse config show` prints ' +
      'what a server would use.',
    ...settingsOf(parts).map((setting) => section(setting, loaded)),
  );
}

function section(
  setting: Setting,
  loaded: readonly { readonly name: string; readonly command: Command }[],
): string {
  const { name, sentence, isSecret, variables = [] } = setting;
  const takers = loaded.filter(({ command }) =>
    ((command.settings ?? []) as readonly string[]).includes(name),
  );
  const facts = [
    `- Environment: ${[environmentName(name), ...variables].map(code).join(', otherwise ')}`,
    ...(takers.length === 0
      ? []
      : [`- Flag: ${code(`--${name}`)} of ${takers.map((taker) => code(taker.name)).join(', ')}`]),
    `- Default: ${shownDefault(setting)}`,
    `- Value: ${valueRule(setting)}`,
    ...(isSecret === true ? ['- Secret: never printed, as it may hold a password'] : []),
  ];
  return `## ${name}\n\n${sentence}\n\n${facts.join('\n')}`;
}

function shownDefault({ default: value, shownDefault: shown }: Setting): string {
  if (shown !== undefined) return shown.startsWith('~') ? code(shown) : shown;
  if (value === undefined) return 'none';
  if (typeof value === 'boolean') return code(value ? 'yes' : 'no');
  return code(Array.isArray(value) ? value.join(',') : String(value));
}

/** What the setting says to a value of the wrong kind is the rule for its values. */
function valueRule({ name, type }: Setting): string {
  const problem = type.safeParse({}).error?.issues[0]?.message ?? '';
  if (!problem.startsWith('must be ')) {
    if (name === 'roles') return '`web`, `jobs` or both, with a comma between';
    if (name === 'database') return '`sqlite` or a `postgres://` URL';
    throw new Error(`the setting ${name} does not say what its values are, but: ${problem}`);
  }
  return problem.slice('must be '.length);
}
