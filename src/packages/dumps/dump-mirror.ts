import type { Db } from '#kernel/db/db.ts';
import { parseFilename } from '#python/names/filename.ts';
import { linkRelpath, type Link } from '../mirror/link.ts';
import { findMirrorProject, listCachedProjects, listMirrorFiles, type MirrorFile } from '../mirror/store.ts';
import { fullName, type Index } from '../model/index.ts';
import type { DumpSource } from './dump-source.ts';

interface Fetched {
  readonly link: Link;
  readonly file: MirrorFile;
  readonly version: string;
}

/** What a mirror has fetched of files, as far as its last page of the project names them. */
export function dumpMirror(db: Db, index: Index): DumpSource {
  return {
    async *projects() {
      for await (const { name, files } of fetchedProjects(db, index))
        yield {
          name,
          releases: new Map(files.map((each) => [each.version, JSON.stringify(metadataOf(name, each))])),
        };
    },
    async *files() {
      for await (const { name, files } of fetchedProjects(db, index)) {
        for (const { link, file, version } of files) {
          const relpath = `${fullName(index)}/${name}/${version}/${link.filename}`;
          const { sha256, size, storedAt } = file;
          yield {
            bytes: { sha256, size },
            item: {
              type: 'releasefile',
              projectname: name,
              version,
              relpath,
              entrymapping: {
                last_modified: new Date(storedAt).toUTCString(),
                hash_spec: `sha256=${sha256}`,
                hashes: { sha256 },
                project: name,
                version,
                url: link.url,
              },
              log: [],
              ...(link.yanked !== undefined && { yanked: link.yanked }),
            },
          };
        }
      }
    },
  };
}

async function* fetchedProjects(db: Db, index: Index) {
  for (const name of await listCachedProjects(db, index.id)) {
    const stored = await listMirrorFiles(db, index.id, name);
    const page =
      stored.length === 0 ? undefined : await (await findMirrorProject(db, index, name))?.page.read();
    const byPath = new Map(stored.map((file) => [file.relpath, file]));
    const files = (page?.files ?? []).flatMap((link): Fetched[] => {
      const file = byPath.get(decodeURIComponent(linkRelpath(link)));
      const version = link.version || parseFilename(link.filename, name)?.version;
      // Without a version it has no place in a dump; it is fetched again when it is asked for.
      return file === undefined || version === undefined ? [] : [{ link, file, version }];
    });
    if (files.length > 0) yield { name, files };
  }
}

function metadataOf(name: string, { link, version }: Fetched): object {
  return {
    name,
    version,
    ...(link.requiresPython !== undefined && { requires_python: link.requiresPython }),
    ...(link.yanked !== undefined && { yanked: link.yanked }),
  };
}
