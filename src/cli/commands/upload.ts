import { serverOption } from '../current-client.ts';
import { defineCommand } from '../command.ts';
import { any, dryRunOption, flag, indexOption, negation, text } from '../options.ts';

export const command = defineCommand({
  summary: 'Upload archives and documentation to an index, or build them from this directory first',
  args: {
    paths: any(
      'Archives, zips of documentation, and directories with some; without any, the project here is built',
    ),
  },
  options: {
    index: indexOption,
    server: serverOption,
    fromDir: flag('Also take the files below the directories.'),
    onlyLatest: flag('Of every project only the newest version.'),
    dryRun: { ...dryRunOption, summary: 'Only say what would be uploaded; what is built is built.' },
    python: { ...text('python', 'Build with this Python; default is the active one.'), short: 'p' },
    vcs: negation('Build in place, not from what git or hg track.'),
    setupdirOnly: flag('Export only this directory, without the history.'),
    sdist: flag('Build only the sdist.'),
    wheel: flag('Build only the wheel.'),
    isolation: negation('Build with what the Python has installed.'),
    formats: text('list', 'Old way to choose: sdist,bdist_wheel.'),
    withDocs: flag('Also build the documentation with sphinx.'),
    onlyDocs: flag('Build only the documentation.'),
    verbose: { ...flag('Show what the programs write that build.'), short: 'v' },
  },
  examples: [
    'wheelhouse upload dist',
    'wheelhouse upload --index alice/dev dist/demo-1.0-py3-none-any.whl demo-1.0.doc.zip',
    'wheelhouse upload',
    'wheelhouse upload --wheel --with-docs -p python3.13',
  ],
  async run({ args: { paths }, options }) {
    const { readTarget, uploadFiles } = await import('../upload/upload-files.ts');
    if (paths.length > 0) return await uploadFiles(paths, options);
    const { withWorkDirectory } = await import('../work-directory.ts');
    const { buildProject } = await import('../build/build-project.ts');
    // Before anything is built for nothing.
    await readTarget(options);
    return await withWorkDirectory(async (directory, signal) => {
      const built = await buildProject(process.cwd(), options, { directory, signal });
      return await uploadFiles(built, options);
    });
  },
});
