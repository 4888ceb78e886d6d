import { z } from 'zod';
import type { Build } from '../model/build.ts';

const text = z.string().optional().catch(undefined);

/** What a builder told of a build. Any part may be missing: builders are programs of others. */
const BuildFacts = z.object({
  inputs: z.array(z.object({ filename: z.string(), sha256: z.string().nullable().catch(null) })).catch([]),
  python: z.object({ version: text, platform: text, pip: text }).optional().catch(undefined),
  peakMemoryBytes: z.number().nonnegative().optional().catch(undefined),
  notes: z.array(z.string()).catch([]),
});

export type BuildFacts = z.output<typeof BuildFacts>;

/** Reads the record of a build, as far as it has the shape that our builders write. */
export function buildFacts({ record }: Pick<Build, 'record'>): BuildFacts {
  return BuildFacts.parse(record ?? {});
}
