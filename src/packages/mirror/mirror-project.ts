import type { Index } from '../model/index.ts';
import type { ProjectStatus } from '../model/page-file.ts';
import type { Link } from './link.ts';
import type { StoredProject } from './store.ts';

/** What a mirror shows of a project. */
export interface MirrorProject {
  readonly index: Index;
  /** False when upstream has no such project. */
  readonly isKnown: boolean;
  readonly files: readonly Link[];
  readonly versions: readonly string[];
  readonly status: ProjectStatus | undefined;
  readonly serial: number | undefined;
  /** Epoch milliseconds. */
  readonly freshUntil: number;
  /** True if upstream could not be asked and this is what it said before. */
  readonly isStale: boolean;
}

/** What is shown of a project that upstream has. */
export async function knownProject(
  index: Index,
  { page, serial }: StoredProject,
  { freshUntil, isStale = false }: { readonly freshUntil: number; readonly isStale?: boolean },
): Promise<MirrorProject> {
  const { files, versions, status } = await page.read();
  return { index, isKnown: true, files, versions, status, serial: serial ?? undefined, freshUntil, isStale };
}

/** What is shown of a project that upstream has not. */
export function absentProject(index: Index, freshUntil: number): MirrorProject {
  return {
    index,
    isKnown: false,
    files: [],
    versions: [],
    status: undefined,
    serial: undefined,
    freshUntil,
    isStale: false,
  };
}
