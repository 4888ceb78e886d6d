import { operations } from '#builds/contract';
import { defineCommand } from '../../command.ts';
import { currentClient, serverOption } from '../../current-client.ts';
import { flag, jsonOption, several, text, texts } from '../../options.ts';
import { plural } from '../../plural.ts';

export const command = defineCommand({
  summary: 'Have wheels built of projects, for one Python or several',
  args: { requirements: several('Projects with the versions that are wanted, as pyyaml or greenlet>=3') },
  options: {
    target: texts('cp313', 'A Python to build for, or a Python and a platform, as cp313-linux_aarch64'),
    index: text('index', 'The index that has the sdists; default is root/pypi.'),
    everything: flag('Build also what upstream has wheels of that fit.'),
    prereleases: flag('Build pre-releases, too.'),
    server: serverOption,
    json: jsonOption,
  },
  examples: ["wheelhouse build add markupsafe pyyaml 'greenlet>=3' --target cp311 --target cp313"],
  async run({ args: { requirements }, options }) {
    const { server, json, target: targets, index, everything, prereleases } = options;
    const client = await currentClient(server);
    const added = await client.call(operations.addBuildProjects, {
      body: {
        requirements: [...requirements],
        targets: [...targets],
        everything,
        prereleases,
        ...(index !== undefined && { index }),
      },
    });
    if (json) process.stdout.write(`${JSON.stringify(added, null, 2)}\n`);
    else {
      const known = added.projects.filter(({ isNew }) => !isNew).length;
      const changed = known === 0 ? '' : `, ${known} of them known before`;
      process.stdout.write(
        `${plural(added.projects.length, 'project')} added${changed}, ${plural(added.builds, 'build')} to do (newest releases first)\n`,
      );
    }
    return 0;
  },
});
