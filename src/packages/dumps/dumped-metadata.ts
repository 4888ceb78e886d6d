import { completeMetadata, type Metadata } from '../projects/metadata.ts';
import type { ReleaseItem } from './dump-format.ts';

const EMPTY = completeMetadata({});

/**
 * The metadata of a release as they are stored. Old servers wrote null or `UNKNOWN` for what was not told, and one text
 * where there are several.
 */
export function readDumpedMetadata(
  given: ReleaseItem,
  { name, version }: { readonly name: string; readonly version: string },
): Metadata {
  const known = Object.entries(EMPTY).map(([key, empty]) => [
    key,
    typeof empty === 'string' ? toText(given[key]) : toList(given[key]),
  ]);
  return completeMetadata({ ...Object.fromEntries(known), name, version });
}

function toText(value: unknown): string {
  if (Array.isArray(value)) return value.filter((each) => typeof each === 'string').join(', ');
  return typeof value === 'string' && value !== 'UNKNOWN' ? value : '';
}

function toList(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.filter(
    (each): each is string => typeof each === 'string' && each !== '' && each !== 'UNKNOWN',
  );
}
