import { createHash } from 'node:crypto';
import type { Metadata } from '../projects/metadata.ts';
import { RENDERER_VERSION } from './renderer-version.ts';

/** What the metadata of a release say about it at length. */
export interface DescriptionSource {
  readonly text: string;
  /** As declared, empty if it is not. */
  readonly contentType: string;
}

/** Equal for descriptions that are shown alike. */
export function keyOf({ text, contentType }: DescriptionSource): string {
  return createHash('sha256')
    .update(JSON.stringify([RENDERER_VERSION, contentType, text]))
    .digest('hex');
}

/** What the metadata of a release have of it, empty where there is none. */
export function descriptionOf({ description, description_content_type: type }: Metadata): DescriptionSource {
  return { text: String(description ?? ''), contentType: String(type ?? '') };
}
