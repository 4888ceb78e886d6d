import { AppError } from '#kernel/errors/app-error.ts';
import { defineCommand } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { dryRunOption, flag, optional, text, texts } from '../options.ts';
import { passwordOption, readPassword } from '../read-password.ts';

export const command = defineCommand({
  summary: 'Make a new server of a dump of devpi or Wheelhouse, or of one that runs',
  settings: ['serverdir', 'files-directory', 'database', 'packages.root-pypi'],
  args: { dump: optional('The directory that devpi-export or `wheelhouse export` wrote') },
  options: {
    fromUrl: text('url', 'Move in from the devpi-server or Wheelhouse at this address, while it serves.'),
    index: texts('index', 'With --from-url: only this index, as USER/INDEX'),
    user: text('user', 'With --from-url: who reads there; else only what everybody may read is taken.'),
    password: passwordOption,
    hardLinks: flag('Give files a second name instead of copying them, where that can be.'),
    skipImportType: texts('type', 'Leave out the indexes of this type'),
    verify: flag('Read everything again afterwards, and compare the hashes.'),
    dryRun: dryRunOption,
    json: flag('Print what was imported as JSON.'),
  },
  examples: [
    'wheelhouse import /srv/dump --serverdir /srv/wheelhouse',
    'wheelhouse import /srv/dump --dry-run',
    'wheelhouse import /srv/dump --skip-import-type constrained --verify',
    'wheelhouse import --from-url https://devpi.example.com --user root --serverdir /srv/wheelhouse',
  ],
  async run({ args: { dump: directory }, options, config }) {
    const { fromUrl: url, index: indexes, user, password, hardLinks, skipImportType, ...rest } = options;
    const { runImport } = await import('../dumps/run-import.ts');
    const skippedTypes = skipImportType;
    if (directory !== undefined && url === undefined)
      return await runImport(config(), { dump: { directory, hardLinks, skippedTypes }, ...rest });
    if (directory !== undefined || url === undefined || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw new AppError(cliErrors.badArgument, 'name what to import', {
        hint: 'either the directory of a dump, or --from-url with the http or https address of a server',
      });
    }
    if (rest.dryRun)
      throw new AppError(cliErrors.badArgument, '--dry-run is for dumps: a server is moved from as it is');
    const settings = config();
    const login =
      user === undefined
        ? undefined
        : {
            user,
            password: (
              await readPassword({ question: `Password of ${user} there`, given: password })
            ).reveal(),
          };
    return await runImport(settings, {
      server: { url, indexes, skippedTypes, ...(login && { login }) },
      ...rest,
    });
  },
});
