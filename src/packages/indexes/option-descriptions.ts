import type { IndexType } from '../model/index.ts';

/** An option as forms and people see it. */
export interface OptionDescription {
  readonly name: string;
  readonly types: readonly IndexType[];
  readonly label: string;
  /**
   * How it is written: `switch` is yes or no, `principals` and `projects` are lists of names, `indexes` one of `user/index` in
   * order, `number` an integer, `json` anything, `choice` one of `choices`.
   */
  readonly kind:
    | 'switch'
    | 'text'
    | 'paragraph'
    | 'number'
    | 'url'
    | 'principals'
    | 'projects'
    | 'indexes'
    | 'choice'
    | 'json';
  readonly choices?: readonly string[];
  /** What it does, in a sentence or two. */
  readonly effect: string;
  /** What an index has that never set it, in words. */
  readonly default: string;
  /** Why one would not touch it every day; such options stand last. */
  readonly isRare?: boolean;
}

const BOTH = ['stage', 'mirror'] as const;
const STAGE = ['stage'] as const;
const MIRROR = ['mirror'] as const;
const NAMES =
  'Users, groups as :GROUP, :AUTHENTICATED: for everybody who is logged in, :ANONYMOUS: for everybody.';

/** Every option, in the order of forms. `type` is chosen when an index is made and never changes. */
export const optionDescriptions: readonly OptionDescription[] = [
  {
    name: 'title',
    types: BOTH,
    label: 'Title',
    kind: 'text',
    effect: 'One line for lists of indexes.',
    default: 'none',
  },
  {
    name: 'description',
    types: BOTH,
    label: 'Description',
    kind: 'paragraph',
    effect: 'What the index is for; stands at the top of its page.',
    default: 'none',
  },
  {
    name: 'mirror_url',
    types: MIRROR,
    label: 'Upstream',
    kind: 'url',
    effect:
      'The address of the upstream’s simple API. A change forgets all pages that are known; files that are kept stay until nobody uses them.',
    default: 'none: the mirror shows nothing',
  },
  {
    name: 'bases',
    types: STAGE,
    label: 'Bases',
    kind: 'indexes',
    effect:
      'Indexes whose projects are shown, too, nearest first. Mirrors are asked last, and never about a project that a stage has.',
    default: 'none',
  },
  {
    name: 'volatile',
    types: BOTH,
    label: 'Volatile',
    kind: 'switch',
    effect:
      'Files may be replaced and removed, and the index may be deleted. Without it a file name keeps its bytes: use that for what others install.',
    default: 'yes',
  },
  {
    name: 'acl_upload',
    types: STAGE,
    label: 'Who may upload',
    kind: 'principals',
    effect: `${NAMES} Nobody else, neither the owner nor root.`,
    default: 'the owner',
  },
  {
    name: 'acl_read',
    types: BOTH,
    label: 'Who may read',
    kind: 'principals',
    effect: `${NAMES} The owner and root always may. Uploaders are not implied.`,
    default: 'everybody',
  },
  {
    name: 'mirror_reserved_names',
    types: MIRROR,
    label: 'Reserved names',
    kind: 'projects',
    effect:
      'Projects that upstream is never asked about, so that nobody can claim your names there first. A name, or a beginning such as acme-*.',
    default: 'none',
  },
  {
    name: 'mirror_whitelist',
    types: STAGE,
    label: 'Taken from mirrors, too',
    kind: 'projects',
    effect:
      'Projects that are taken from mirrors although a stage has them; * is all of them. Who may upload such a name upstream can then replace yours with a higher version.',
    default: 'none',
  },
  {
    name: 'mirror_whitelist_inheritance',
    types: STAGE,
    label: 'Whitelists of bases',
    kind: 'choice',
    choices: ['intersection', 'union'],
    effect: 'intersection: a base cannot add to the whitelist of this index. union: it can.',
    default: 'intersection',
    isRare: true,
  },
  {
    name: 'mirror_cache_expiry',
    types: MIRROR,
    label: 'Pages are fresh for',
    kind: 'number',
    effect: 'Seconds until upstream is asked again about a project.',
    default: '1800',
  },
  {
    name: 'mirror_no_project_list',
    types: MIRROR,
    label: 'Without the list of all projects',
    kind: 'switch',
    effect: 'The upstream’s list is never fetched; lists have what somebody has asked for.',
    default: 'no',
    isRare: true,
  },
  {
    name: 'mirror_use_external_urls',
    types: MIRROR,
    label: 'Send installers to upstream',
    kind: 'switch',
    effect: 'Files are not kept here; installers are redirected to where upstream has them.',
    default: 'no',
    isRare: true,
  },
  {
    name: 'mirror_ignore_serial_header',
    types: MIRROR,
    label: 'Accept older pages',
    kind: 'switch',
    effect: 'A page of upstream counts although it is older than the one that is known.',
    default: 'no',
    isRare: true,
  },
  {
    name: 'mirror_web_url_fmt',
    types: MIRROR,
    label: 'Address of a project’s page upstream',
    kind: 'text',
    effect: 'With {name} where the name goes. Kept for devpi.',
    default: 'none',
    isRare: true,
  },
  {
    name: 'build_targets',
    types: STAGE,
    label: 'Wheels to build',
    kind: 'projects',
    effect:
      'The Pythons for which builders make wheels of each sdist that is uploaded, such as cp313 or cp313-linux_aarch64. The wheels appear beside it.',
    default: 'none',
    isRare: true,
  },
  {
    name: 'joins_mirrors',
    types: STAGE,
    label: 'Joins mirrors',
    kind: 'switch',
    effect:
      'Its files stand beside those of mirrors: they hide nothing, and are hidden themselves where a project is private. For wheels that are built of public sdists.',
    default: 'no',
    isRare: true,
  },
  {
    name: 'retention_keep',
    types: STAGE,
    label: 'Development releases that stay',
    kind: 'number',
    effect:
      'So many of the newest development and pre-releases of each project stay; older ones are removed each day while the index is volatile. Never the newest release, and none that is yanked. See the guide before you set it: removed is removed.',
    default: 'all stay',
    isRare: true,
  },
  {
    name: 'retention_days',
    types: STAGE,
    label: 'Days that development releases stay',
    kind: 'number',
    effect:
      'Development and pre-releases whose last file is older are removed each day while the index is volatile; with the number above, only those that are beyond both.',
    default: 'for ever',
    isRare: true,
  },
  {
    name: 'mirror_provides_core_metadata',
    types: MIRROR,
    label: 'Upstream has metadata files',
    kind: 'switch',
    effect: 'Kept for devpi: metadata files are served whenever upstream has them.',
    default: 'not said',
    isRare: true,
  },
  {
    name: 'acl_toxresult_upload',
    types: STAGE,
    label: 'Who may upload test results',
    kind: 'principals',
    effect:
      'Only they may add what tox told of a file, which `devpi test` sends; who may not read the index may not do this either.',
    default: ':ANONYMOUS:',
    isRare: true,
  },
  {
    name: 'uploadtrigger_jenkins',
    types: STAGE,
    label: 'Jenkins job to start after an upload',
    kind: 'url',
    effect:
      'A URL such as https://ci.example.org/job/{pkgname}/build, which is sent a script that tests the release. {pkgname} and {pkgversion} stand for it.',
    default: 'none',
    isRare: true,
  },
  {
    name: 'custom_data',
    types: BOTH,
    label: 'Data of your own',
    kind: 'json',
    effect: 'Any JSON, kept as it is.',
    default: 'none',
    isRare: true,
  },
];
