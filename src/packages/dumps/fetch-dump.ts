import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { inParallel } from '#kernel/in-parallel.ts';
import type { Progress } from '#kernel/progress.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { encodePathSegment } from '../model/file-path.ts';
import { FILES_AT_ONCE } from './check-bytes.ts';
import { DATA_INDEX, isBelowDump, LogEntry, problemOf, type FileItem } from './dump-format.ts';
import { DumpWriter } from './dump-writer.ts';
import { failed, type SourceServer } from './source-server.ts';

export interface FetchDump {
  /** Where the dump goes; a second try goes on there. */
  readonly directory: string;
  /** Only these indexes, by `user/name`; all without. */
  readonly indexes: readonly string[];
}

const User = z.looseObject({ indexes: z.record(z.string(), z.looseObject({ type: z.string() })).optional() });
const Users = z.record(z.string(), User);
const Projects = z.looseObject({ projects: z.array(z.string()).default([]) });
const Link = z.looseObject({
  rel: z.string(),
  href: z.string(),
  hash_spec: z.string().nullish(),
  hashes: z.record(z.string(), z.string()).nullish(),
  log: z.array(LogEntry).nullish(),
  for_href: z.string().nullish(),
  last_modified: z.string().nullish(),
});
type Link = z.infer<typeof Link>;
const Versions = z.record(z.string(), z.looseObject({ '+links': z.array(Link).default([]) }));

/**
 * Writes a dump of a server that serves, through its JSON API (reference devpi.md 1.9), index by index: users without their
 * passwords, which no server tells, and all else that stages have. Mirrors bring their options; their files come again from
 * upstream. Every file has its hash checked. Returns notes of what could not be taken. A dump that is whole already is left
 * as it is.
 */
export async function fetchDump(
  source: SourceServer,
  { directory, indexes: chosen }: FetchDump,
  progress: Progress,
): Promise<readonly string[]> {
  if (existsSync(join(directory, DATA_INDEX))) return [];
  const users = parse(Users, await source.result('/'), `${source.url}/`);
  const all = Object.entries(users).flatMap(([user, { indexes = {} }]) =>
    Object.entries(indexes).map(([name, config]) => ({ key: `${user}/${name}`, user, name, config })),
  );
  const unknown = chosen.filter((name) => !all.some(({ key }) => key === name));
  if (unknown.length > 0) throw failed(`${source.url} shows no index ${unknown.join(', ')}`);
  const wanted = chosen.length === 0 ? all : all.filter(({ key }) => chosen.includes(key));
  const owners = new Set(chosen.length === 0 ? Object.keys(users) : wanted.map(({ user }) => user));
  const notes: string[] = [];
  const writer = await DumpWriter.open(directory, `${source.url} ${chosen.join(' ')}`);
  try {
    await writer.begin();
    for (const [name, { indexes: _own, ...fields }] of Object.entries(users))
      if (owners.has(name)) await writer.user(name, fields);
    await writer.beginIndexes();
    for (const { key, user, name, config } of wanted) {
      const { projects: _names, ...options } = config;
      if (config.type !== 'stage') {
        await writer.bareIndex(key, options);
        continue;
      }
      await writer.beginIndex(key, options);
      const files = await fetchIndex(source, writer, { user, name, notes }, progress);
      await writer.beginFiles();
      for (const item of files) await writer.file(item);
      await writer.endIndex();
    }
    await writer.end();
  } finally {
    await writer.close();
  }
  return notes;
}

interface FetchedIndex {
  readonly user: string;
  readonly name: string;
  readonly notes: string[];
}

async function fetchIndex(
  source: SourceServer,
  writer: DumpWriter,
  index: FetchedIndex,
  progress: Progress,
): Promise<FileItem[]> {
  const path = `/${encodePathSegment(index.user)}/${encodePathSegment(index.name)}`;
  const { projects } = parse(Projects, await source.result(path), `${source.url}${path}`);
  progress.step(`fetching ${index.user}/${index.name}`);
  const items: FileItem[] = [];
  for (const [position, project] of projects.entries()) {
    const name = normalizeProjectName(project);
    const place = `${path}/${encodePathSegment(name)}?ignore_bases=`;
    const result = await source.result(place);
    // Removed since the list was made.
    if (result === undefined) continue;
    const versions = parse(Versions, result, `${source.url}${place}`);
    const metadata = Object.entries(versions).map(
      ([version, { '+links': _links, ...rest }]) =>
        [
          version,
          JSON.stringify(Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith('+')))),
        ] as const,
    );
    await writer.project(name, new Map(metadata));
    const links = Object.entries(versions).flatMap(([version, { '+links': own }]) =>
      own.map((link) => ({ link, version })),
    );
    const fetched = await inParallel(links, FILES_AT_ONCE, ({ link, version }) =>
      fetchLink(source, writer, { ...index, project: name, version }, link),
    );
    const there = fetched.filter((item) => item !== undefined);
    const kept = new Set(there.map(({ relpath }) => relpath.split('/').at(-1)));
    // What tox told of a file that is gone goes with it.
    items.push(
      ...there.filter(
        ({ type, for_entrypath: tested }) => type !== 'toxresult' || kept.has(tested?.split('/').at(-1)),
      ),
    );
    progress.count(position + 1, projects.length);
  }
  return items;
}

interface FetchedRelease extends FetchedIndex {
  readonly project: string;
  readonly version: string;
}

async function fetchLink(
  source: SourceServer,
  writer: DumpWriter,
  { user, name, project, version, notes }: FetchedRelease,
  link: Link,
): Promise<FileItem | undefined> {
  const index = `${user}/${name}`;
  const type = link.rel as FileItem['type'];
  if (!['releasefile', 'doczip', 'toxresult'].includes(type)) return undefined;
  const path = pathOf(link.href);
  const hash = hashOf(link);
  const filename = decodeURIComponent(path?.split('/').at(-1) ?? '');
  if (path === undefined || hash === undefined || /[/\\\0]/.test(filename) || /^\.*$/.test(filename)) {
    notes.push(`${index}: not taken, since it has no address or hash that can be used: ${link.href}`);
    return undefined;
  }
  const [algorithm, digest] = hash;
  const directory = type === 'toxresult' ? `${digest}/` : '';
  const relpath =
    type === 'doczip'
      ? `${index}/${project}-${version}.doc.zip`
      : `${index}/${project}/${version}/${directory}${filename}`;
  // Users, indexes and versions are named by the other server, too.
  if (!isBelowDump(relpath)) {
    notes.push(`${index}: not taken, since its names make no path: ${relpath}`);
    return undefined;
  }
  const isThere = await writer.put({ relpath, hash: `${algorithm}=${digest}` }, async (to) => {
    const problem = await source.download(`/${path}`, to, hash);
    if (problem !== undefined) notes.push(`${index}: ${filename} not taken: it ${problem}`);
    return problem === undefined;
  });
  if (!isThere) return undefined;
  return {
    type,
    projectname: project,
    version,
    relpath,
    entrymapping: {
      hash_spec: `${algorithm}=${digest}`,
      ...(link.hashes != null && { hashes: link.hashes }),
      ...(link.last_modified != null && { last_modified: link.last_modified }),
    },
    ...(link.log != null && { log: link.log }),
    ...(link.for_href != null && { for_entrypath: pathOf(link.for_href) ?? '' }),
  };
}

/** `user/index/+f/…` of an address, which may name another host and a path before it: what the outside sees. */
function pathOf(href: string): string | undefined {
  const path = URL.parse(href, 'http://source.invalid/')?.pathname;
  return /([^/]+\/[^/]+\/(?:\+|%2B)[fe]\/[^?#]+)$/.exec(path ?? '')?.[1];
}

const ALGORITHMS = ['sha256', 'sha512', 'sha384', 'sha224', 'sha1', 'md5'];

function hashOf({ hashes, hash_spec: spec }: Link): readonly [string, string] | undefined {
  const [algorithm = '', digest = ''] = (spec ?? '').split('=', 2);
  const told = new Map([...Object.entries(hashes ?? {}), [algorithm, digest] as const]);
  const best = ALGORITHMS.find((each) => /^[0-9a-f]{32,128}$/.test(told.get(each) ?? ''));
  return best === undefined ? undefined : [best, told.get(best) ?? ''];
}

function parse<Type extends z.ZodType>(type: Type, value: unknown, where: string): z.output<Type> {
  const result = type.safeParse(value);
  if (result.success) return result.data;
  throw failed(`${where} answered what cannot be used: ${problemOf(result.error)}`);
}
