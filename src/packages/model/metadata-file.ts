/** After the name of a file, its metadata are served (PEP 658). */
export const METADATA_SUFFIX = '.metadata';

export const METADATA_TYPE = 'text/plain; charset=utf-8';

/** Larger ones of upstream or of a bundle are refused. */
export const MAX_METADATA_BYTES = 16 * 1024 ** 2;
