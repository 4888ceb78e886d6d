import { z } from 'zod';

/** Of the form of a bundle; readers refuse others. */
export const BUNDLE_VERSION = 1;

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be a sha256 in lower-case hex' });
const Size = z.number().int().min(0);
const ProjectName = z
  .string()
  .max(200)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, { error: 'must be a normalized project name' });

/** `manifest.json`, the first entry of a bundle: every other entry with its hash. */
export const BundleManifest = z.strictObject({
  format: z.literal('wheelhouse-bundle', { error: 'must be "wheelhouse-bundle"' }),
  version: z.literal(BUNDLE_VERSION, { error: `must be ${BUNDLE_VERSION}` }),
  created: z.iso.datetime(),
  index: z.string().max(500).meta({ description: 'The index that the files came from, `user/name`.' }),
  pages: z
    .array(z.strictObject({ project: ProjectName, sha256: Sha256, size: Size }))
    .meta({ description: 'JSON pages of the simple API, as served; entries `pages/PROJECT.json`.' }),
  files: z
    .array(
      z.strictObject({
        project: ProjectName,
        filename: z.string().max(255),
        relpath: z.string().max(400).meta({ description: 'Below the index, not percent-encoded.' }),
        sha256: Sha256,
        size: Size,
        sidecar: z.strictObject({ sha256: Sha256, size: Size }).optional(),
      }),
    )
    .meta({ description: 'Entries `files/RELPATH`, and `files/RELPATH.metadata` where there is a sidecar.' }),
});
export type BundleManifest = z.output<typeof BundleManifest>;

/** Where an index serves a file with this hash: `+f/aaa/bbbbbbbbbbbbb/name`. */
export function bundledPath(sha256: string, filename: string): string {
  return `+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${filename}`;
}
