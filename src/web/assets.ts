import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Coding } from '#kernel/http/accept.ts';

/** A file that pages load, in each coding that makes it smaller. */
export interface Asset {
  readonly type: string;
  readonly forms: Readonly<Partial<Record<Coding, Buffer>>> & { readonly identity: Buffer };
}

/** What pages load from this server: sheet, scripts, icons and fonts, under addresses that never change their content. */
export interface Assets {
  /** The address of a file by its name, such as `site.css`. */
  address(name: string): string;
  /** By what follows `/+static/`. */
  find(path: string): Asset | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Reads all of them once. The scripts of `browser/` become one module: each runs in a scope of its own. */
function readAssets(): Assets {
  const directory = join(import.meta.dirname, 'static');
  const files = globSync('**/*', { cwd: directory })
    .filter((path) => extname(path) in TYPES)
    .toSorted()
    .map((path) => [path.replaceAll('\\', '/'), readFileSync(join(directory, path))] as const);
  const all = [...files, ['site.js', readScripts()] as const];
  const hash = createHash('sha256');
  for (const [name, bytes] of all) hash.update(`${name}\0${bytes.byteLength}\0`).update(bytes);
  const version = hash.digest('hex').slice(0, 16);
  const byPath = new Map(all.map(([name, bytes]) => [`${version}/${name}`, toAsset(name, bytes)]));
  return {
    address(name) {
      if (!byPath.has(`${version}/${name}`)) throw new Error(`no asset is named ${name}`);
      return `/+static/${version}/${name}`;
    },
    find: (path) => byPath.get(path),
  };
}

function readScripts(): Buffer {
  const directory = join(import.meta.dirname, 'browser');
  const scripts = globSync('*.{ts,js}', { cwd: directory }).toSorted();
  const bodies = scripts.map((name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    // The published package has them without types.
    return `{\n${name.endsWith('.ts') ? stripTypeScriptTypes(text) : text}\n}\n`;
  });
  return Buffer.from(bodies.join(''));
}

function toAsset(name: string, identity: Buffer): Asset {
  const type = TYPES[extname(name)] as string;
  if (type.startsWith('font/')) return { type, forms: { identity } };
  const gzip = gzipSync(identity, { level: 9 });
  const zstd = zstdCompressSync(identity, { params: { [constants.ZSTD_c_compressionLevel]: 19 } });
  return { type, forms: { identity, gzip, zstd } };
}

/** The files that pages load, the same for the whole program. Read when the first is asked for: most commands show no page. */
export const assets: Assets = lazy(readAssets);

function lazy(read: () => Assets): Assets {
  let known: Assets | undefined;
  const all = () => (known ??= read());
  return { address: (name) => all().address(name), find: (path) => all().find(path) };
}
