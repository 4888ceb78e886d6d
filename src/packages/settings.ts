import { z } from 'zod';
import type { Config } from '#kernel/config/kernel-settings.ts';
import { flag, oneOf, positive, wholeNumber, type ConfigOf, type Setting } from '#kernel/config/setting.ts';

const indexes = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').flatMap((entry) => entry.trim() || []) : value),
  z.array(z.string().regex(/^[^/\s]+\/[^/\s]+$/, { error: 'must be a list of indexes, as USER/INDEX' }), {
    error: 'must be a list of indexes, as USER/INDEX',
  }),
);
const bytes = wholeNumber(1);
const count = wholeNumber(1);
/** What a timer can wait. */
const seconds = positive(2_147_483);

export const packagesSettings = [
  {
    name: 'packages.default-bases',
    type: indexes,
    default: [],
    sentence:
      'Bases of a new stage whose maker names none, those that are there and that the maker may read; `root/pypi` under the names of devpi’s programs.',
  },
  {
    name: 'packages.max-upload-bytes',
    type: bytes,
    default: 4 * 1024 ** 3,
    sentence: 'The largest file that an upload may carry.',
  },
  {
    name: 'packages.max-form-bytes',
    type: bytes,
    default: 8 * 1024 ** 2,
    sentence: 'The most that the fields of an upload may take together, without the file.',
  },
  {
    name: 'packages.max-test-result-bytes',
    type: bytes,
    default: 16 * 1024 ** 2,
    sentence: 'The largest result of a test that is taken.',
  },
  {
    name: 'packages.max-test-results',
    type: count,
    default: 1000,
    sentence:
      'The most test results that one file may have: where everybody may add them, they are no way to fill a disk.',
  },
  {
    name: 'packages.archive-check',
    type: oneOf('refuse', 'warn'),
    default: 'refuse',
    sentence: 'What happens to an upload whose archive is unsafe or inconsistent.',
  },
  {
    name: 'packages.documentation-files',
    type: count,
    default: 50_000,
    sentence: 'The most files that a documentation zip may hold.',
  },
  {
    name: 'packages.documentation-bytes',
    type: bytes,
    default: 4 * 1024 ** 3,
    sentence: 'The most bytes that the files of a documentation zip may take together, inflated.',
  },
  {
    name: 'packages.documentation-cache-bytes',
    type: bytes,
    default: 64 * 1024 ** 2,
    sentence:
      'Memory for what is where in documentation zips; those that nobody has read for the longest time leave first.',
  },
  {
    name: 'packages.search-text-bytes',
    type: bytes,
    default: 16 * 1024 ** 2,
    sentence: 'The most text of the documentation of one project that is searched.',
  },
  {
    name: 'packages.page-cache-bytes',
    type: bytes,
    default: 256 * 1024 ** 2,
    sentence: 'Memory for rendered simple pages; the ones made longest ago leave first.',
  },
  {
    name: 'packages.mirror-cache-bytes',
    type: bytes.optional(),
    default: undefined,
    shownDefault: 'no limit',
    sentence: 'How many bytes of mirrored files are kept; the least recently used ones leave first.',
  },
  {
    name: 'packages.mirror-cache-days',
    type: positive().optional(),
    default: undefined,
    shownDefault: 'no limit',
    sentence: 'How many days a mirrored file is kept after its last use.',
  },
  {
    name: 'packages.file-cache-bytes',
    type: wholeNumber(0),
    default: 64 * 1024 ** 2,
    sentence: 'Memory for small files that are asked for again and again; 0 turns it off.',
  },
  {
    name: 'packages.mirror-answer-seconds',
    type: seconds,
    default: 9,
    sentence: 'Until upstream must begin to answer, connecting and redirects included.',
  },
  {
    name: 'packages.mirror-page-seconds',
    type: seconds,
    default: 12,
    sentence: 'Until the whole page of a project must have come; pip gives up after 15 silent seconds.',
  },
  {
    name: 'packages.mirror-file-seconds',
    type: seconds,
    default: 11,
    sentence: 'Until a file must begin to come, finding out where it is included.',
  },
  {
    name: 'packages.mirror-silence-seconds',
    type: seconds,
    default: 30,
    sentence: 'The longest silence of upstream while a file comes.',
  },
  {
    name: 'packages.mirror-small-file-seconds',
    type: seconds,
    default: 3,
    sentence:
      'How long a small file may take before it is sent while it comes; until then an error can be told.',
  },
  {
    name: 'packages.mirror-patience-seconds',
    type: seconds,
    default: 1.5,
    sentence: 'How long anybody waits for a new page where an old one is known.',
  },
  {
    name: 'packages.mirror-stale-seconds',
    type: seconds,
    default: 1,
    sentence: 'How long an old page is served before upstream is asked again.',
  },
  {
    name: 'packages.mirror-pause-seconds',
    type: seconds,
    default: 5,
    sentence: 'How long upstream is left alone after a failure where an old page is known.',
  },
  {
    name: 'packages.mirror-longest-pause-seconds',
    type: seconds,
    default: 300,
    sentence: 'The longest time that `Retry-After` of upstream is obeyed.',
  },
  {
    name: 'packages.mirror-absent-seconds',
    type: seconds,
    default: 120,
    sentence:
      'How long it is remembered that upstream has no such project; never longer than `mirror_cache_expiry`.',
  },
  {
    name: 'packages.mirror-absent-projects',
    type: wholeNumber(1, 10_000_000),
    default: 10_000,
    sentence:
      'How many projects that upstream does not have are remembered; the least recently asked for leave first.',
  },
  {
    name: 'packages.mirror-refresh-seconds',
    type: seconds,
    default: 1,
    sentence:
      'The shortest time between two requests that refreshes of one project cause; who comes sooner waits.',
  },
  {
    name: 'packages.mirror-page-bytes',
    type: bytes,
    default: 64 * 1024 ** 2,
    sentence: 'The largest page of a project that is taken of upstream, inflated.',
  },
  {
    name: 'packages.mirror-page-files',
    type: count,
    default: 50_000,
    sentence: 'The most files of a project that are taken of upstream; the rest is left out.',
  },
  {
    name: 'packages.mirror-list-bytes',
    type: bytes,
    default: 1024 ** 3,
    sentence: 'The largest list of all projects that is taken of upstream, as sent and as inflated.',
  },
  {
    name: 'packages.mirror-list-seconds',
    type: seconds,
    default: 600,
    sentence: 'Until the whole list of projects must have come.',
  },
  {
    name: 'packages.mirror-creation',
    type: oneOf('anyone', 'root'),
    default: 'anyone',
    sentence:
      'Who may make mirrors and change their `mirror_url`: everybody on their own indexes, or root only.',
  },
  {
    name: 'packages.mirror-private-addresses',
    type: oneOf('root', 'anyone'),
    default: 'root',
    sentence:
      'Whose mirrors may have an upstream at a private, loopback or link-local address: those whose `mirror_url` root has set, or all.',
  },
  {
    name: 'packages.push-private-addresses',
    type: oneOf('root', 'anyone'),
    default: 'root',
    sentence:
      'Who may push to another server at a private, loopback or link-local address: this server sends the request.',
  },
  {
    name: 'packages.push-seconds',
    type: seconds,
    default: 600,
    sentence: 'How long another server may take for one file that is pushed to it.',
  },
  {
    name: 'packages.webhook-private-addresses',
    type: oneOf('root', 'anyone'),
    default: 'root',
    sentence:
      'Whose webhooks and Jenkins triggers may be at a private, loopback or link-local address: those whose address root has set, or all.',
  },
  {
    name: 'packages.webhook-failing-days',
    type: positive(365),
    default: 3,
    sentence: 'How many days a webhook may fail without a success before it is disabled.',
  },
  {
    name: 'packages.description-bytes',
    type: bytes,
    default: 512 * 1024,
    sentence:
      'The longest description of a release that is rendered; of longer ones the beginning is shown as text.',
  },
  {
    name: 'packages.max-option-entries',
    type: count,
    default: 5000,
    sentence:
      'The most entries that a list among the options of an index may have, and operations one change.',
  },
  {
    name: 'packages.max-bases',
    type: count,
    default: 100,
    sentence: 'The most indexes that one index may name as its bases.',
  },
  {
    name: 'packages.max-options-bytes',
    type: bytes,
    default: 256 * 1024,
    sentence: 'The largest options of one index, as JSON.',
  },
  {
    name: 'packages.root-pypi',
    type: flag,
    default: true,
    sentence: 'Whether a server that is started for the first time gets `root/pypi`, a mirror of PyPI.',
  },
] as const satisfies readonly Setting[];

export type PackagesConfig = Config & ConfigOf<typeof packagesSettings>;

/** The configuration with the values of this part's settings, which every configuration has. */
export function packagesConfig(config: Config): PackagesConfig {
  return config as PackagesConfig;
}
