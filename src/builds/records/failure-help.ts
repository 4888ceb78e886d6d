/** What would help where a build failed in this way; undefined for a class that nobody knows. */
export function failureHelp(failure: string): string | undefined {
  return HELP[failure];
}

const HELP: Readonly<Record<string, string>> = {
  'time-limit': 'The setting builds.time-limit-minutes gives builds more time.',
  'memory-limit': 'Start a builder with more memory: wheelhouse builder --memory GiB.',
  'process-limit': 'It starts more programs than a build may; its log says which.',
  'disk-limit': 'Make room on the builder, or give builds more: wheelhouse builder --disk GiB.',
  'missing-header': 'Install the package with the header on the builder, then have it built again.',
  'missing-library': 'Install the library with its headers on the builder, then have it built again.',
  'missing-tool': 'Install the program on the builder, then have it built again.',
  'missing-requirement': 'It needs a release that the index has not, or not for this Python.',
  network: 'It wants to fetch something: a build reaches nothing but the index.',
  'unsupported-python':
    'The release is not for this Python. Name other versions or targets where it is watched.',
  'bad-sdist': 'The sdist itself is wrong: only another release helps.',
  'bad-wheel': 'What came out is no wheel of this release, or none for this target.',
  'import-fails': 'The wheel was made, and cannot be imported: mostly a library is missing where it runs.',
  'build-fails': 'The end of the log says what the build did not like.',
  'file-exists': 'The index has another file of this name: remove that one to have ours there.',
  lost: 'The build goes to the next builder by itself.',
};
