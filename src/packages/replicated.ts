import { userSubject } from '#accounts';
import type { Db } from '#kernel/db/db.ts';
import type { StoredEvent } from '#kernel/events/event-type.ts';
import type { ManySubjects, Replicated, Row, RowSet, Subject } from '#kernel/replication/replicated.ts';
import { readRowsAfter, readRowSet } from '#kernel/replication/store.ts';
import { packagesEvents } from './events.ts';

const INDEX = 'packages.index';
const PROJECT = 'packages.project';
const RELEASE = 'packages.release';
const REMOVED = 'packages.removed';
const SERVER_WEBHOOKS = 'packages.server-webhooks';
const UNMIRRORED = 'packages.unmirrored';
/** Tell of what a mirror knows of its upstream, which is every server's own. */
const OF_UPSTREAM: readonly string[] = [
  packagesEvents.mirrorRefreshed.type,
  packagesEvents.bundleImported.type,
];

/**
 * Indexes, and what stages hold. What mirrors keep of their upstreams every server has its own of; what is removed from a mirror goes
 * everywhere.
 */
export const replicatedPackages: Replicated = {
  tables: {
    package_index: { key: ['id'], unique: [['user_name', 'name']] },
    last_package_index: { key: [] },
    project: { key: ['id'], unique: [['index_id', 'name']] },
    release: { key: ['id'], unique: [['project_id', 'version']] },
    release_file: {
      key: ['id'],
      unique: [['index_id', 'filename']],
      digests: ['sha256', 'metadata_sha256'],
    },
    documentation: { key: ['release_id'], unique: [['index_id', 'filename']], digests: ['sha256'] },
    tox_result: { key: ['id'], unique: [['release_file_id', 'filename']], digests: ['sha256'] },
    search_entry: { key: ['project_id'] },
    removed_file: { key: ['path'] },
    webhook: { key: ['id'] },
    search_source: { key: ['project_id'] },
    mirror_project: { key: ['index_id', 'name'] },
    mirror_file: { key: ['index_id', 'relpath'] },
  },
  local: ['rendered_description', 'search_text', 'webhook_delivery'],
  subjectsOf(event) {
    const { index, project, version } = event.data;
    if (event.type === packagesEvents.serverWebhookChanged.type) return [[SERVER_WEBHOOKS]];
    if (typeof index !== 'string') return [];
    const [user = ''] = index.split('/');
    if (OF_UPSTREAM.includes(event.type)) return [];
    return [userSubject(user), ...subjectsIn(index, project, version), ...removedBy(event, index)];
  },
  async many(db, { type, data: { index } }, after) {
    return type === packagesEvents.dumpImported.type && typeof index === 'string'
      ? await listReleases(db, index, after)
      : undefined;
  },
  async read(db, [kind, ...names]) {
    const [index = '', project = '', version = ''] = names;
    if (kind === REMOVED) return await readRemoved(db, index, project);
    if (kind === UNMIRRORED) return await readUnmirrored(db, index, { project, filename: version });
    if (kind === RELEASE) return await readRelease(db, index, project, version);
    if (kind === PROJECT) return (await readProject(db, index, project)).sets;
    if (kind === SERVER_WEBHOOKS) return [await readRowSet(db, 'webhook', { index_id: null })];
    const { sets, row } = await readIndex(db, index);
    if (row === undefined) return sets;
    return [...sets, await readRowSet(db, 'webhook', { index_id: row['id'] ?? null })];
  },
};

function subjectsIn(index: string, project: unknown, version: unknown): readonly Subject[] {
  if (typeof project !== 'string') return [[INDEX, index]];
  return [typeof version === 'string' ? [RELEASE, index, project, version] : [PROJECT, index, project]];
}

/** What was removed is remembered by its address, without the row that it had; a mirror must forget what it has of it. */
function removedBy({ type, data }: StoredEvent, index: string): readonly Subject[] {
  const isRemoval = /-(?:removed|deleted)$/.test(type);
  if (!isRemoval && data['replaced'] !== true) return [];
  const [project = '', filename = ''] = [data['project'], data['filename']].map((name) => name?.toString());
  const removed: Subject = [REMOVED, index, filename];
  return isRemoval ? [removed, [UNMIRRORED, index, project, filename]] : [removed];
}

interface Found {
  readonly sets: readonly RowSet[];
  /** Undefined if there is nothing of that name. */
  readonly row: Row | undefined;
}

async function readIndex(db: Db, index: string): Promise<Found> {
  const [user = '', name = ''] = index.split('/');
  const found = await readRowSet(db, 'package_index', { user_name: user, name });
  return { sets: [found, await readRowSet(db, 'last_package_index', {})], row: found.rows[0] };
}

async function readProject(db: Db, index: string, name: string): Promise<Found> {
  const { sets, row } = await readIndex(db, index);
  if (row === undefined) return { sets, row: undefined };
  const id = row['id'] ?? null;
  if (row['type'] === 'mirror') return { sets, row: undefined };
  const found = await readRowSet(db, 'project', { index_id: id, name });
  const project = found.rows[0];
  if (project === undefined) return { sets: [...sets, found], row: undefined };
  const entry = await readRowSet(db, 'search_entry', { project_id: project['id'] ?? null });
  // The words of texts are of each database: having read none, a replica reads them again.
  const texts = { table: 'search_source', where: { project_id: project['id'] ?? null }, rows: [] };
  return { sets: [...sets, found, entry, texts], row: project };
}

async function readRelease(db: Db, index: string, name: string, version: string): Promise<RowSet[]> {
  const { sets, row: project } = await readProject(db, index, name);
  if (project === undefined) return [...sets];
  const release = await readRowSet(db, 'release', { project_id: project['id'] ?? null, version });
  const id = release.rows[0]?.['id'] ?? null;
  if (id === null) return [...sets, release];
  const files = await readRowSet(db, 'release_file', { release_id: id });
  const results = [];
  for (const file of files.rows) {
    results.push(await readRowSet(db, 'tox_result', { release_file_id: file['id'] ?? null }));
  }
  return [...sets, release, files, await readRowSet(db, 'documentation', { release_id: id }), ...results];
}

/** Addresses that once had a file of this name, or any file of the index. */
async function readRemoved(db: Db, index: string, filename: string): Promise<readonly RowSet[]> {
  const below = { column: 'path', at: 'start', text: `${index}/+f/` } as const;
  const all = await readRowSet(db, 'removed_file', {}, below);
  if (filename === '') return [all];
  return [
    { table: 'removed_file', rows: all.rows.filter(({ path }) => String(path).endsWith(`/${filename}`)) },
  ];
}

/** Nothing, where a mirror had a project or a file that was removed from it. */
async function readUnmirrored(
  db: Db,
  index: string,
  { project, filename }: { readonly project: string; readonly filename: string },
): Promise<readonly RowSet[]> {
  const { row } = await readIndex(db, index);
  if (row?.['type'] !== 'mirror') return [];
  const ofIndex = { index_id: row['id'] ?? null };
  if (project === '') {
    const matching = { column: 'relpath', at: 'end', text: `/${filename}` } as const;
    return filename === '' ? [] : [{ table: 'mirror_file', where: ofIndex, matching, rows: [] }];
  }
  return [
    { table: 'mirror_project', where: { ...ofIndex, name: project }, rows: [] },
    { table: 'mirror_file', where: { ...ofIndex, project }, rows: [] },
  ];
}

const PROJECTS_A_PAGE = 20;

/** Everything that an index holds, project by project: an import tells of it once. */
async function listReleases(db: Db, index: string, after: string): Promise<ManySubjects> {
  const { row } = await readIndex(db, index);
  if (row === undefined) return { subjects: [], next: undefined };
  const projects = await readRowsAfter(db, 'project', {
    where: { index_id: row['id'] ?? null },
    after: Number(after) || 0,
    limit: PROJECTS_A_PAGE,
  });
  const subjects: Subject[] = [];
  for (const { id = null, name } of projects) {
    const { rows } = await readRowSet(db, 'release', { project_id: id });
    for (const { version } of rows) subjects.push([RELEASE, index, String(name), String(version)]);
  }
  const last = projects.at(-1)?.['id'];
  return { subjects, next: projects.length < PROJECTS_A_PAGE ? undefined : String(last) };
}
