import { styleText } from 'node:util';
import { operations } from '#packages/contract';
import { Client, type Answer } from '../client/client.ts';
import { readIndexUrl } from '../client/index-url.ts';
import { credentialsFor, readSession } from '../session.ts';
import { defineCommand } from '../command.ts';
import { flag, optional, required } from '../options.ts';
import { plural } from '../plural.ts';

export const command = defineCommand({
  summary: 'Tell why a project or a file is seen on an index, or not',
  args: {
    index: required('URL of the index, such as http://localhost:3141/alice/dev'),
    project: required('Name of the project'),
    file: optional('Name of one of its files'),
  },
  options: { json: flag('Print the answer as JSON.') },
  examples: [
    'wheelhouse why http://localhost:3141/alice/dev requests',
    'wheelhouse why http://localhost:3141/alice/dev demo demo-1.0-py3-none-any.whl',
  ],
  async run({ args, options }) {
    const { index, project, file } = args;
    const { server, user, index: name } = readIndexUrl(index);
    const client = new Client(server, { credentials: await credentialsFor(await readSession(), server) });
    const answer = await client.call(operations.explainProject, {
      params: { user, index: name, project },
      query: { file },
    });
    if (options.json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
    else process.stdout.write(describe(answer));
    return answer.isVisible ? 0 : 1;
  },
});

function describe({
  index,
  project,
  file,
  isVisible,
  indexes,
}: Answer<typeof operations.explainProject>): string {
  const subject = file === undefined ? project : `${file} of ${project}`;
  const width = Math.max(...indexes.map((each) => each.index.length));
  const lines = indexes.map((each) => {
    const mark = each.isVisible ? styleText('green', 'yes') : styleText('red', 'no ');
    const files = each.isVisible ? ` (${plural(each.files, 'file')})` : '';
    const which = each.file === undefined || each.file === 'absent' ? '' : `; the file is ${each.file}`;
    return `  ${mark} ${each.index.padEnd(width)}  ${each.rule}${files}${which}`;
  });
  return `${subject} is ${isVisible ? 'seen' : 'not seen'} on ${index}:\n${lines.join('\n')}\n`;
}
