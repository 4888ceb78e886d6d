import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DATA_INDEX } from './dump-format.ts';
import { JsonCursor } from './json-cursor.ts';

/** A piece of `dataindex.json`, in the order of the file. */
export type Scanned =
  | { readonly kind: 'top'; readonly key: string; readonly value: unknown }
  | { readonly kind: 'user'; readonly key: string; readonly value: unknown }
  /** The pieces of this index follow. */
  | { readonly kind: 'index'; readonly key: string }
  | { readonly kind: 'indexconfig'; readonly value: unknown }
  | ProjectPiece
  | { readonly kind: 'file'; readonly value: unknown };

export type ProjectPiece =
  /** Its releases follow, unless it is no object of releases. */
  | { readonly kind: 'project'; readonly project: string; readonly isObject: boolean }
  | {
      readonly kind: 'release';
      readonly project: string;
      readonly version: string;
      readonly value: unknown;
    };

/**
 * Reads `dataindex.json` from front to back, piece by piece: that of a large server has gigabytes, since it holds the
 * descriptions of all releases. Throws `SyntaxError` where it is no JSON or has a list for an object.
 */
export async function* scanDataIndex(directory: string): AsyncGenerator<Scanned> {
  const file = await open(join(directory, DATA_INDEX), 'r');
  try {
    const cursor = new JsonCursor(file);
    for await (const key of cursor.keys()) {
      if (key === 'users') {
        for await (const user of cursor.keys())
          yield { kind: 'user', key: user, value: await cursor.value() };
      } else if (key === 'indexes') {
        for await (const index of cursor.keys()) {
          yield { kind: 'index', key: index };
          yield* scanIndex(cursor);
        }
      } else yield { kind: 'top', key, value: await cursor.value() };
    }
    await cursor.end();
  } finally {
    await file.close();
  }
}

async function* scanIndex(cursor: JsonCursor): AsyncGenerator<Scanned> {
  for await (const key of cursor.keys()) {
    if (key === 'projects' && (await cursor.kind()) === 'object') {
      for await (const project of cursor.keys()) yield* scanProject(cursor, project);
    } else if (key === 'files' && (await cursor.kind()) === 'list') {
      for await (const value of cursor.items()) yield { kind: 'file', value };
    } else {
      const value = await cursor.value();
      if (key === 'indexconfig') yield { kind: 'indexconfig', value };
    }
  }
}

async function* scanProject(cursor: JsonCursor, project: string): AsyncGenerator<ProjectPiece> {
  const isObject = (await cursor.kind()) === 'object';
  yield { kind: 'project', project, isObject };
  if (!isObject) await cursor.value();
  else
    for await (const version of cursor.keys())
      yield { kind: 'release', project, version, value: await cursor.value() };
}
