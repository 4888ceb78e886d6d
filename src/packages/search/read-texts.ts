import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JobHandler, RunningJob } from '#kernel/jobs/job-handler.ts';
import { ArchiveRejected } from '#python/archive-rejected.ts';
import { compareVersions } from '#python/names/compare-versions.ts';
import type { PackagesContext } from '../context.ts';
import type { DocumentationFiles } from '../documentation-pages/documentation-files.ts';
import { readDocumentationFile } from '../documentation-pages/read-documentation-file.ts';
import { listDocumentation, type Documentation } from '../documentation/store.ts';
import { findProjectById, findRelease, listReleases } from '../projects/store.ts';
import { findEntry } from '../search-entries/store.ts';
import { READ_TEXTS, READ_UNREAD } from '../search-texts/read-texts-soon.ts';
import {
  deleteTexts,
  findTextSource,
  insertText,
  listUnread,
  saveTextSource,
  type SearchText,
} from '../search-texts/store.ts';
import { packagesConfig } from '../settings.ts';
import { pageText } from './page-text.ts';

const QUEUE = { name: 'search-texts', slots: 1 };
/** Of one text; what follows is not searched. */
const MAX_TEXT = 64 * 1024;
const MAX_PAGES = 5000;
const MAX_PAGE_BYTES = 4 * 1024 ** 2;
const BATCH_TEXTS = 20;
const BATCH_PROJECTS = 50;
const HOUR_MS = 3_600_000;

type Reading = PackagesContext & { readonly documentation: DocumentationFiles };
interface Project {
  readonly id: number;
  readonly indexId: number;
}

/** The jobs: one project after a change, and those that nobody has read, as after an upgrade. They may find that a project has gone. */
export function readTextsJobs(context: Reading): JobHandler[] {
  return [
    {
      name: READ_TEXTS,
      isLocal: true,
      queue: QUEUE,
      async run(payload, job) {
        const { project: id } = z.object({ project: z.number() }).parse(payload);
        const project = await findProjectById(context.db, id);
        if (project !== undefined) await readTexts(context, project, job);
      },
    },
    {
      name: READ_UNREAD,
      isLocal: true,
      queue: QUEUE,
      everyMs: HOUR_MS,
      async run(_payload, job) {
        for (;;) {
          const unread = await listUnread(context.db, BATCH_PROJECTS);
          if (unread.length === 0) return;
          for (const project of unread) {
            job.signal.throwIfAborted();
            await readTexts(context, project, job);
          }
        }
      },
    },
  ];
}

/** Reads what a project is found by besides name and summary, if it is not what was read before. */
async function readTexts(context: Reading, { id, indexId }: Project, job: RunningJob): Promise<void> {
  const { db, dialect } = context;
  const entry = await findEntry(db, id);
  const release = entry?.version == null ? undefined : await findRelease(db, id, entry.version);
  const documentation = await newestDocumentation(context, id);
  const metadata = release?.metadata ?? {};
  const description = String(metadata['description'] ?? '');
  const keywords = [metadata['keywords'] ?? '', metadata['classifiers'] ?? []].flat().join(' ').trim();
  const parts = [release?.version, description, keywords, documentation?.version, documentation?.of.sha256];
  const source = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  if ((await findTextSource(db, id)) === source) return;
  await db.transaction().execute(async (tx) => {
    await job.fence(tx);
    await deleteTexts(tx, id);
  });
  let batch: SearchText[] = [];
  const write = async () => {
    const texts = batch;
    batch = [];
    await db.transaction().execute(async (tx) => {
      await job.fence(tx);
      for (const text of texts) await insertText({ db: tx, dialect }, text);
    });
  };
  const of = { projectId: id, indexId, version: release?.version ?? '', path: '', title: '' };
  if (keywords !== '') batch.push({ ...of, kind: 'keywords', body: keywords.slice(0, MAX_TEXT) });
  if (description !== '') batch.push({ ...of, kind: 'description', body: description.slice(0, MAX_TEXT) });
  if (documentation !== undefined) {
    for await (const page of readPages(context, documentation.of)) {
      batch.push({ ...of, kind: 'documentation', ...page, version: documentation.version });
      if (batch.length >= BATCH_TEXTS) await write();
    }
  }
  if (batch.length > 0) await write();
  await db.transaction().execute(async (tx) => {
    await job.fence(tx);
    await saveTextSource(tx, id, source);
  });
}

async function newestDocumentation({ db }: Reading, projectId: number) {
  const versions = new Map((await listReleases(db, projectId)).map(({ id, version }) => [id, version]));
  const all = (await listDocumentation(db, [...versions.keys()])).map((each) => ({
    of: each,
    version: versions.get(each.releaseId) ?? '',
  }));
  return all.sort((a, b) => compareVersions(a.version, b.version)).at(-1);
}

/** Pages of HTML with their paths, as many as the settings allow. */
async function* readPages({ documentation, config, log }: Reading, zip: Documentation) {
  let left = packagesConfig(config)['packages.search-text-bytes'];
  try {
    let pages = 0;
    for (const [path, file] of await documentation.contents(zip)) {
      if (!/\.html?$/i.test(path) || /(?:^|\/)(?:genindex|search|py-modindex)\b/.test(path)) continue;
      if (file.bytes > MAX_PAGE_BYTES || (pages += 1) > MAX_PAGES || left <= 0) continue;
      const html = await readDocumentationFile(documentation, zip, file);
      const { title, body } = pageText(html.toString('utf8'), MAX_TEXT);
      left -= Buffer.byteLength(body);
      if (body !== '') yield { path, title, body };
    }
  } catch (error) {
    // Only a server that takes every archive has what cannot be read.
    if (!(error instanceof ArchiveRejected) && !isBadData(error)) throw error;
    log.info({ err: error, filename: zip.filename }, 'documentation cannot be read for the search');
  }
}

function isBadData(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?:Z_|ERR_BUFFER)/.test(String(error.code));
}
