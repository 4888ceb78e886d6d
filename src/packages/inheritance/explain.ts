import { AppError } from '#kernel/errors/app-error.ts';
import type { PackagesContext } from '../context.ts';
import { type Index, fullName } from '../model/index.ts';
import { findReservation } from '../mirror/reserved-names.ts';
import { listFilenames, listProjectsNamed } from '../projects/store.ts';
import type { View } from './reading.ts';
import { decideVisibility, type Decision } from './shadowing.ts';

/** What one index does for a project, and by which rule. */
export interface Explanation {
  readonly index: string;
  readonly type: 'stage' | 'mirror';
  readonly isVisible: boolean;
  readonly rule: string;
  /** How many files it contributes before nearer indexes win names. */
  readonly files: number;
  /** Only when a file was asked for. */
  readonly file?: 'served' | 'shadowed' | 'absent';
}

/**
 * Tells for every index of the resolution order why a project, or one file of it, is seen or not. Asks mirrors as a page
 * would; a mirror that fails is reported, never an error. Of indexes that the reader may not read nothing is told, also not
 * by what it says of others.
 */
export async function explainProject(
  { db, packages: { mirrors } }: PackagesContext,
  { order, hidden }: View,
  { project, filename }: { readonly project: string; readonly filename: string | undefined },
): Promise<Explanation[]> {
  const ids = order.map(({ id }) => id);
  const projectIds = new Map(
    (await listProjectsNamed(db, project, ids)).map((found) => [found.indexId, found.id]),
  );
  const decisions = decideVisibility(
    order,
    project,
    ({ id, type }) => type === 'mirror' || projectIds.has(id),
  );
  const explanations: Explanation[] = [];
  let servedBy: string | undefined;
  for (const decided of decisions) {
    const found = await explain(decided);
    const hasFile = filename !== undefined && found.filenames.includes(filename);
    const name = fullName(decided.index);
    if (hasFile) servedBy ??= name;
    explanations.push({
      index: name,
      type: decided.index.type,
      isVisible: decided.isVisible && found.isKnown,
      rule: found.rule ?? decided.rule,
      files: found.filenames.length,
      ...(filename !== undefined && {
        file: !hasFile ? 'absent' : servedBy === name ? 'served' : 'shadowed',
      }),
    });
  }
  return explanations;

  async function explain(decided: Decision): Promise<Found> {
    if (hidden.has(decided.index.id)) return nothing(HIDDEN, []);
    const isTold = decided.because.every(({ id }) => !hidden.has(id));
    const found = decided.isVisible ? await look(decided.index) : nothing(decided.rule, []);
    if (decided.index.type === 'stage' || hidden.size === 0 || (isTold && found.isKnown)) return found;
    // What does not come from upstream may be private on a hidden index: which of both is not told.
    return found.isKnown ? { ...found, rule: 'upstream has the project' } : nothing(UNTOLD, []);
  }

  async function look(source: Index): Promise<Found> {
    const projectId = projectIds.get(source.id);
    if (source.type === 'mirror') return await lookUpstream(source);
    const filenames = projectId === undefined ? [] : await listFilenames(db, projectId);
    return { isKnown: true, filenames, rule: undefined };
  }

  async function lookUpstream(mirror: Index): Promise<Found> {
    const reservation = findReservation(mirror, project);
    if (reservation !== undefined)
      return nothing(`never asked: mirror_reserved_names has ${reservation}`, []);
    try {
      const asked = await mirrors.project(mirror, project);
      const filenames = asked.files.map((file) => file.filename);
      if (!asked.isKnown) return nothing('upstream has no such project', filenames);
      const age = asked.isStale ? '; upstream does not answer, so this is its last word' : '';
      return { isKnown: true, filenames, rule: age === '' ? undefined : `upstream has the project${age}` };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return nothing(`not known: ${error.message}`, []);
    }
  }
}

const HIDDEN = 'not told: you may not read this index';
const UNTOLD = 'shows nothing: upstream has no such project, or an index that you may not read decides';

interface Found {
  readonly isKnown: boolean;
  readonly filenames: readonly string[];
  /** Replaces the rule of the decision. */
  readonly rule: string | undefined;
}

function nothing(rule: string, filenames: readonly string[]): Found {
  return { isKnown: false, filenames, rule };
}
