/** Core metadata of a release under devpi's key names; every key is present (reference devpi.md 1.7). */
export type Metadata = Readonly<Record<string, string | readonly string[]>>;

const TEXTS = [
  'name',
  'version',
  'metadata_version',
  'summary',
  'home_page',
  'author',
  'author_email',
  'maintainer',
  'maintainer_email',
  'license',
  'description',
  'keywords',
  'download_url',
  'comment',
  'requires_python',
  'description_content_type',
  'license_expression',
];

const LISTS = [
  'platform',
  'classifiers',
  'supported_platform',
  'provides',
  'requires',
  'obsoletes',
  'project_urls',
  'provides_dist',
  'obsoletes_dist',
  'requires_dist',
  'requires_external',
  'provides_extras',
  'dynamic',
  'license_file',
  'import_names',
  'import_namespaces',
];

/** What clients call a field differently: devpi-client posts pkginfo's attribute names, PyPI's form is plural. */
const ALIASES: Readonly<Record<string, string>> = {
  platforms: 'platform',
  supported_platforms: 'supported_platform',
  provides_extra: 'provides_extras',
  license_files: 'license_file',
};

/** The metadata that a form carries: known fields only, `UNKNOWN` is empty, absent fields are absent. */
export function metadataFromForm(fields: ReadonlyMap<string, readonly string[]>): Metadata {
  const metadata: Record<string, string | string[]> = {};
  for (const [field, values] of fields) {
    const key = ALIASES[field] ?? field;
    const known = values.map((value) => (value === 'UNKNOWN' ? '' : value));
    if (TEXTS.includes(key)) metadata[key] = known[0] ?? '';
    else if (LISTS.includes(key)) metadata[key] = known.filter((value) => value !== '');
  }
  return metadata;
}

/** All keys, empty where the given metadata has none. */
export function completeMetadata(given: Readonly<Record<string, unknown>>): Metadata {
  return Object.fromEntries([
    ...TEXTS.map((key) => [key, given[key] ?? '']),
    ...LISTS.map((key) => [key, given[key] ?? []]),
  ]) as Metadata;
}
