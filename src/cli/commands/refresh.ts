import { AppError } from '#kernel/errors/app-error.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { defineCommand } from '../command.ts';
import { serverOption } from '../current-client.ts';
import { currentIndex } from '../current-index.ts';
import { indexOption, several } from '../options.ts';
import { printable } from '../printable.ts';

export const command = defineCommand({
  summary: 'Ask the upstream indexes anew about projects of a mirror',
  args: { projects: several('Names of projects') },
  options: { index: indexOption, server: serverOption },
  examples: ['wheelhouse refresh --index root/pypi requests'],
  async run({ args: { projects }, options: { index, server } }) {
    const { client, url } = await currentIndex(index, server);
    let exitCode = 0;
    for (const project of projects) {
      const name = encodeURIComponent(normalizeProjectName(project));
      try {
        await client.send('POST', new URL(`${url}/+simple/${name}/refresh`), undefined, { isMoved: true });
        process.stdout.write(`Refreshed ${printable(project)}\n`);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        exitCode = 1;
        process.stderr.write(`Couldn't refresh ${printable(`${project}: ${error.message}`)}\n`);
        if (error.hint !== undefined) process.stderr.write(`hint: ${printable(error.hint)}\n`);
      }
    }
    return exitCode;
  },
});
