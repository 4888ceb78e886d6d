import { createIndex, findIndex, fullName, type Index } from '#packages';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Identity } from '#kernel/identity.ts';
import { parseRequirement, type Requirement } from '#python/requirements/parse-requirement.ts';
import { formatTarget, parseTarget } from '#python/tags/target.ts';
import type { BuildsContext } from '../context.ts';
import { buildsErrors } from '../errors.ts';
import { buildsEvents } from '../events.ts';
import { deriveSoon, type SourceProject } from '../queue/derive-soon.ts';
import { buildsConfig } from '../settings.ts';
import { saveWatch } from './store.ts';

export interface AddProjects {
  readonly identity: Identity;
  /** As `greenlet>=3`. */
  readonly requirements: readonly string[];
  readonly targets: readonly string[];
  /** `user/index` that has the sdists. */
  readonly index: string;
  readonly everything: boolean;
  readonly prereleases: boolean;
}

export interface AddedProject extends SourceProject {
  readonly isNew: boolean;
}

/**
 * Has wheels built of projects, and emits `builds.projects-watched`. What is named again is built as it is said now. The index of the
 * farm is made if it is not there. Throws `builds.invalid-request` with everything that is wrong.
 */
export async function addProjects(context: BuildsContext, input: AddProjects): Promise<AddedProject[]> {
  const { identity, index: named, everything, prereleases } = input;
  const { requirements, targets } = readInput(input);
  const [user = '', name = ''] = named.split('/');
  const source = await findIndex(context.db, user, name);
  if (source === undefined) throw invalid(`there is no index ${named}`);
  if (source.type === 'mirror') await ensureWheelsIndex(context, identity, source);
  return await context.events.change(async (tx, emit) => {
    await context.accounts.confirm(tx, identity);
    const actor = identity.user ?? null;
    const now = context.clock.now();
    const watched: AddedProject[] = [];
    for (const { project, specifier } of requirements) {
      const isNew = await saveWatch(tx, {
        indexId: source.id,
        project,
        specifier,
        targets,
        everything,
        prereleases,
        createdBy: actor,
        createdAt: now,
      });
      watched.push({ indexId: source.id, project, isNew });
      await deriveSoon(tx, now, { indexId: source.id, project });
    }
    const projects = watched.map(({ project }) => project);
    emit(buildsEvents.projectsWatched, {
      actor,
      about: source.id,
      data: { index: fullName(source), projects },
    });
    return watched;
  });
}

function readInput({ requirements, targets }: AddProjects) {
  const wrong: string[] = [];
  const parsed = new Map<string, Requirement>();
  for (const text of requirements) {
    const requirement = parseRequirement(text);
    if (requirement === undefined || requirement.url !== undefined || requirement.marker !== undefined)
      wrong.push(`'${text.slice(0, 200)}' does not name a project and its versions`);
    else if (parsed.has(requirement.project)) wrong.push(`${requirement.project} is named twice`);
    else parsed.set(requirement.project, requirement);
  }
  const full = new Set<string>();
  for (const target of targets) {
    try {
      full.add(formatTarget(parseTarget(target)));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      wrong.push(error.message);
    }
  }
  if (wrong.length > 0) throw invalid(wrong.join('; '));
  return { requirements: [...parsed.values()], targets: [...full] };
}

/** A stage that joins mirrors, so that one wheel does not hide what the mirror has of the project. */
async function ensureWheelsIndex(context: BuildsContext, identity: Identity, source: Index): Promise<void> {
  const wheels = buildsConfig(context.config)['builds.index'];
  const [user = '', name = ''] = wheels.split('/');
  const known = await findIndex(context.db, user, name);
  if (known === undefined) {
    const title = `Wheels built of sdists of ${fullName(source)}`;
    const given = { bases: [fullName(source)], joins_mirrors: true, volatile: false, title };
    await createIndex(context, { identity, user, name, given });
  } else if (known.options['joins_mirrors'] !== true) {
    throw invalid(
      `the wheels would appear on ${wheels}, where one wheel hides all other files of its project; set joins_mirrors=True on it`,
    );
  }
}

function invalid(detail: string): AppError {
  return new AppError(buildsErrors.invalidRequest, detail);
}
