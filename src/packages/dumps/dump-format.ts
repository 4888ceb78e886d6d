import { z } from 'zod';

/** The file that tells what a dump holds (reference devpi.md 4.1). */
export const DATA_INDEX = 'dataindex.json';

/** Those that devpi-import takes; `2` is what is written since devpi-server 2.0. */
export const DUMP_VERSIONS: readonly unknown[] = ['1', '2'];

export const IndexConfig = z.looseObject({ type: z.string() });

export const LogEntry = z.looseObject({
  what: z.string(),
  who: z.string().nullish(),
  when: z.array(z.number()).nullish(),
  dst: z.string().nullish(),
  src: z.string().nullish(),
  count: z.number().nullish(),
});
export type LogEntry = z.infer<typeof LogEntry>;

export const FileItem = z.looseObject({
  type: z.enum(['releasefile', 'doczip', 'toxresult']),
  projectname: z.string(),
  version: z.string().nullish(),
  relpath: z.string(),
  entrymapping: z
    .looseObject({
      last_modified: z.string().nullish(),
      hash_spec: z.string().nullish(),
      hashes: z.record(z.string(), z.string()).nullish(),
      md5: z.string().nullish(),
      url: z.string().nullish(),
    })
    .nullish(),
  log: z.array(LogEntry).nullish(),
  for_entrypath: z.string().nullish(),
  /** Ours: devpi cannot yank (reference devpi.md 2.5). */
  yanked: z.string().nullish(),
});
export type FileItem = z.infer<typeof FileItem>;

/** The metadata of a release, of which devpi wrote different keys in the course of time. */
export const ReleaseItem = z.looseObject({ name: z.string().nullish(), version: z.string().nullish() });
export type ReleaseItem = z.infer<typeof ReleaseItem>;

/** The first thing that is wrong with a value, in words. */
export function problemOf({ issues: [issue] }: z.core.$ZodError): string {
  const path = issue?.path.join('.') ?? '';
  return `${path === '' ? '' : `${path}: `}${issue?.message ?? 'not what it must be'}`;
}

/** True for a path that leads to somewhere below the dump, as long as no link is on its way. */
export function isBelowDump(relpath: string): boolean {
  return !relpath.includes('\0') && relpath.split('/').every((each) => !['', '.', '..'].includes(each));
}
