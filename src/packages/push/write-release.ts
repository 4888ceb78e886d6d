import type { Db, Tx } from '#kernel/db/db.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Emit } from '#kernel/events/events.ts';
import { documentationFilename, storeDocumentation } from '../documentation/store-documentation.ts';
import { findDocumentationNamed } from '../documentation/store.ts';
import { packagesErrors } from '../errors.ts';
import { packagesEvents } from '../events.ts';
import { renderSoon } from '../descriptions/render-uploaded.ts';
import { filePath } from '../model/file-path.ts';
import { fullName, isVolatile, type Index } from '../model/index.ts';
import { logTime, overwriteLog, type LogItem } from '../model/log-item.ts';
import {
  ensureProject,
  findFile,
  findRelease,
  insertFile,
  saveRelease,
  type Project,
  type Release,
  type ReleaseFile,
} from '../projects/store.ts';
import { removeReplaced } from '../removal/remove-replaced.ts';
import { recordProject } from '../search-entries/record-entry.ts';
import { freeResultName } from '../tox-results/free-result-name.ts';
import { insertToxResult, listToxResults, type ToxResult } from '../tox-results/store.ts';
import type { PushedFile, PushedRelease } from './pushed-release.ts';

/** One line of devpi's action log: a status, what was done, and to what (reference devpi.md 1.8). */
export type ActionRow = readonly [status: number, action: string, ...rest: readonly string[]];

/** Why a release does not fit into an index that is not volatile: files that are there with other bytes. */
export async function findConflicts(db: Db, target: Index, release: PushedRelease): Promise<AppError[]> {
  if (isVolatile(target)) return [];
  const taken: string[] = [];
  for (const { filename, sha256 } of release.files) {
    const existing = await findFile(db, target.id, filename);
    if (existing !== undefined && existing.sha256 !== sha256) taken.push(filename);
  }
  const { documentation, project, version } = release;
  const filename = documentationFilename(project.name, version);
  const existing = documentation && (await findDocumentationNamed(db, target.id, filename));
  if (existing !== undefined && existing.sha256 !== documentation?.sha256) taken.push(filename);
  return taken.map(
    (name) => new AppError(packagesErrors.fileExists, `${name} already exists in non-volatile index`),
  );
}

export interface WriteRelease {
  readonly release: PushedRelease;
  readonly source: Index;
  /** Locked, and without conflicts. */
  readonly target: Index;
  readonly actor: string | null;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Writes what the target does not have yet, in the transaction that looked for conflicts. */
export async function writeRelease(
  tx: Tx,
  emit: Emit,
  input: WriteRelease,
): Promise<{ readonly rows: ActionRow[]; readonly hasChanged: boolean }> {
  const { release, target, source, actor, now } = input;
  const { version } = release;
  const fact = { actor, about: target.id };
  const name = release.project.name;
  const project = await ensureProject(tx, { indexId: target.id, ...release.project });
  const data = { index: fullName(target), project: name, version };
  if (project.isNew)
    emit(packagesEvents.projectCreated, { ...fact, data: { index: data.index, project: name } });
  const registered = await register(tx, project, release, now);
  let hasChanged = registered.hasChanged;
  const rows: ActionRow[] = [[200, 'register', project.displayName, version, '->', fullName(target)]];
  const pushLog = (log: readonly LogItem[]): LogItem[] => [
    ...log.filter(({ what }) => what !== 'overwrite'),
    { what: 'push', who: actor, when: logTime(now), src: fullName(source), dst: fullName(target) },
  ];

  for (const pushed of release.files) {
    const existing = await findFile(tx, target.id, pushed.filename);
    if (existing?.sha256 !== pushed.sha256) {
      if (existing !== undefined) await removeReplaced(tx, target, existing, { now, version });
      await insertFile(tx, {
        ...bytesOf(pushed),
        indexId: target.id,
        projectId: project.id,
        releaseId: registered.release.id,
        log: [...overwriteLog(existing?.log), ...pushLog(pushed.log)],
      });
      const { filename, sha256 } = pushed;
      emit(packagesEvents.fileUploaded, {
        ...fact,
        data: { ...data, filename, sha256, replaced: existing !== undefined },
      });
      hasChanged = true;
    }
    rows.push([200, 'store_releasefile', filePath(target, pushed.sha256, pushed.filename)]);
    const stored = await findFile(tx, target.id, pushed.filename);
    if (stored === undefined) throw new Error(`${pushed.filename} was just stored, and is not there`);
    for (const { result, filename, isNew } of await placeResults(tx, target, stored, pushed)) {
      rows.push([200, 'store_toxresult', filePath(target, stored.sha256, filename)]);
      if (!isNew) continue;
      const { size, sha256, md5, uploadedAt, log } = result;
      await insertToxResult(tx, {
        releaseFileId: stored.id,
        indexId: target.id,
        filename,
        size,
        sha256,
        md5,
        uploadedAt,
        log: pushLog(log),
      });
      emit(packagesEvents.testResultAdded, {
        ...fact,
        data: { ...data, filename: stored.filename, result: filename, sha256 },
      });
      hasChanged = true;
    }
  }
  if (hasChanged) await recordProject(tx, project, now);
  if (registered.hasChanged && release.files.length === 0)
    emit(packagesEvents.releaseRegistered, { ...fact, data });

  const { documentation } = release;
  if (documentation !== undefined) {
    const filename = documentationFilename(name, version);
    const existing = await findDocumentationNamed(tx, target.id, filename);
    if (existing?.sha256 !== documentation.sha256) {
      await storeDocumentation(tx, emit, {
        index: target,
        project: release.project,
        version,
        content: { sha256: documentation.sha256, md5: documentation.md5, size: documentation.size },
        uploadedAt: documentation.uploadedAt,
        log: [...overwriteLog(existing?.log), ...pushLog(documentation.log)],
        actor,
        now,
      });
      hasChanged = true;
    }
    rows.push([200, 'store_doczip', project.displayName, version, '->', fullName(target)]);
  }
  return { rows, hasChanged };
}

function bytesOf(
  pushed: PushedFile,
): Omit<ReleaseFile, 'id' | 'indexId' | 'projectId' | 'releaseId' | 'log'> {
  const { filename, size, sha256, md5, blake2b256, sidecar, requiresPython, yanked, uploadedAt } = pushed;
  return { filename, size, sha256, md5, blake2b256, sidecar, requiresPython, yanked, uploadedAt };
}

/** The release on the target, with the metadata that are pushed; documentation alone changes none that are there. */
async function register(
  tx: Tx,
  project: Project,
  { version, metadata, files }: PushedRelease,
  now: number,
): Promise<{ readonly release: Release; readonly hasChanged: boolean }> {
  const known = await findRelease(tx, project.id, version);
  if (known !== undefined && files.length === 0) return { release: known, hasChanged: false };
  const shown = { ...known?.metadata, ...metadata, name: project.displayName };
  if (known !== undefined && JSON.stringify(shown) === JSON.stringify(known.metadata))
    return { release: known, hasChanged: false };
  const release = await saveRelease(tx, { projectId: project.id, version, metadata: shown });
  const { description } = shown as { readonly description?: unknown };
  if (description !== '' && description !== known?.metadata['description'])
    await renderSoon(tx, now, release);
  return { release, hasChanged: true };
}

interface Placed {
  readonly result: ToxResult;
  /** On the target. */
  readonly filename: string;
  readonly isNew: boolean;
}

/** Each result that is pushed beside the one that the target has of it already, or with a name that is free there. */
async function placeResults(
  tx: Tx,
  target: Index,
  stored: ReleaseFile,
  { results }: PushedFile,
): Promise<Placed[]> {
  const there = await listToxResults(tx, [stored.id]);
  const taken = new Set(there.map(({ filename }) => filename));
  const placed: Placed[] = [];
  for (const result of results) {
    const same = there.findIndex(
      ({ sha256, uploadedAt }) => sha256 === result.sha256 && uploadedAt === result.uploadedAt,
    );
    const [known] = same < 0 ? [] : there.splice(same, 1);
    const filename =
      known?.filename ??
      (await freeResultName(tx, { index: target, file: stored, at: result.uploadedAt, taken }));
    taken.add(filename);
    placed.push({ result, filename, isNew: known === undefined });
  }
  return placed;
}
