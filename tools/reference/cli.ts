import { parts, settingsOf } from '../../src/parts.ts';
import type { Command } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import type { DevpiOption } from '../../src/cli/programs/devpi-options.ts';
import type { Program } from '../../src/cli/program.ts';
import { allOptions, spellingOfArgument, spellingOfOption } from '../../src/cli/options.ts';
import { programs } from '../../src/cli/programs.ts';
import { code, generatedFrom, page, table } from './markdown.ts';

/** docs/reference/cli.md */
export async function renderCli(): Promise<string> {
  const loaded = await Promise.all(
    commands.map(async ({ name, load }) => section(name, (await load()).command)),
  );
  const others = await Promise.all(programs.map(async ({ load }) => program(await load())));
  return page(
    generatedFrom('src/cli/commands', 'src/cli/programs'),
    '# Commands',
    'In a checkout the program is `./wheelhouse`; `npm start` is `./wheelhouse serve`. What a command prints on stdout is ' +
      'data, everything else goes to stderr. Exit codes: 0; 1 for what the caller can mend; 2 for a defect of ' +
      'Wheelhouse; 141 when the reader of stdout has gone, as in `wheelhouse … | head`. `NO_COLOR` is respected. `--help` tells the same as this page.',
    ...loaded,
    '# Called by another name',
    'Through a link with the name of one of these programs, `wheelhouse` takes that program’s options. Each option may ' +
      'also come from the environment.',
    ...others,
  );
}

function section(name: string, command: Command): string {
  const args = Object.entries(command.args).map(
    ([key, each]) => [spellingOfArgument(key, each), each.summary] as const,
  );
  const usage = ['wheelhouse', name, ...args.map(([spelling]) => spelling), '[options]'].join(' ');
  const flags = settingsOf(parts)
    .filter((setting) => ((command.settings ?? []) as readonly string[]).includes(setting.name))
    .map((setting) => [
      `[${code(`--${setting.name}`)}](config.md#${setting.name.replaceAll('.', '')})`,
      setting.sentence,
    ]);
  const options = allOptions(command).map(([key, option]) => [
    code(spellingOfOption(key, option)),
    option.summary,
  ]);
  return page(
    `## ${name}`,
    `${command.summary}.`,
    `\`\`\`\n${usage}\n\`\`\``,
    args.length === 0
      ? ''
      : table(
          ['argument', ''],
          args.map(([spelling, summary]) => [code(spelling), summary]),
        ),
    table(['option', ''], [...flags, ...options]),
    `Examples:\n\n\`\`\`\n${command.examples.join('\n')}\n\`\`\``,
  ).trimEnd();
}

function program({ name, summary, environmentPrefix, options }: Program): string {
  const known = options as readonly DevpiOption[];
  const reasons = (key: 'refused' | 'noEffect') =>
    known
      .filter((option) => option[key] !== undefined)
      .map((option) => [code(option.flags), option[key] ?? '']);
  const group = (text: string, rows: string[][]) =>
    rows.length === 0 ? '' : `${text}\n\n${table(['option', ''], rows)}`;
  return page(
    `## ${name}`,
    `${summary} ${code(`${environmentPrefix}SERVERDIR`)} and so on are the variables.`,
    group(
      'Options:',
      known
        .filter(({ isHidden }) => isHidden !== true)
        .map(({ flags, summary: text }) => [code(flags), text]),
    ),
    group('Taken without effect:', reasons('noEffect')),
    group('Refused, since the server would do something else without them:', reasons('refused')),
  ).trimEnd();
}
