import { z } from 'zod';
import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { jsonOption, required } from '../../options.ts';
import { printable } from '../../printable.ts';
import { findBuildNamed } from '../../builder/find-build-named.ts';

export const command = defineCommand({
  summary: 'Show a build: what went in, what came of it, and what would help',
  args: { build: required('Its number, or a project, for the newest one of that') },
  options: { server: serverOption, json: jsonOption },
  examples: ['wheelhouse build show 17', 'wheelhouse build show pygit2'],
  async run({ args: { build: named }, options: { server, json } }) {
    const client = await currentClient(server);
    const id = await findBuildNamed(client, named);
    const build = await client.call(operations.readBuild, { params: { id } });
    if (json) {
      process.stdout.write(`${JSON.stringify(build, null, 2)}\n`);
      return 0;
    }
    const lines = [
      `build ${build.id}: ${build.project} ${build.version} for ${build.target}`,
      `${build.state}${build.failure === null ? '' : `: ${build.failure}: ${build.detail ?? ''}`}`,
      `on ${build.builder}, ${build.started}${build.seconds === null ? '' : `, ${Math.round(build.seconds)} s`}`,
      `from ${build.index}: ${build.sdist.filename}`,
      ...build.files.map((file) => `made ${file}, on ${build.publishedOn}`),
      ...needsOf(build.record).map((library) => `needs ${library}`),
    ];
    process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
    return 0;
  },
});

const Libraries = z.looseObject({
  wheels: z.array(
    z.looseObject({
      libraries: z.array(z.looseObject({ name: z.string(), debianPackage: z.string().optional() })),
    }),
  ),
});

/** Libraries of the system that the wheels need, with the Debian packages that have them. */
function needsOf(record: unknown): string[] {
  const { data } = Libraries.safeParse(record);
  const libraries = data?.wheels.flatMap((wheel) => wheel.libraries) ?? [];
  return libraries.map(({ name, debianPackage }) =>
    debianPackage === undefined ? name : `${name}, of ${debianPackage}`,
  );
}
