// Bundles src/ into dist/, which only the published package uses: Node strips no types below node_modules.
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'rolldown';

const root = join(import.meta.dirname, '..');
// Threads are started by address, beside the file that starts them: each is an entry, and all lie in one directory.
const entries = ['src/main.ts', ...globSync('src/**/*-worker.ts', { cwd: root })];
const byName = new Map(entries.map((path) => [basename(path, '.ts'), path]));
if (byName.size !== entries.length) throw new Error(`two of these have one name: ${entries.join(' ')}`);

await build({
  cwd: root,
  input: Object.fromEntries(byName),
  platform: 'node',
  // What package.json names is installed with the package.
  external: /^[^./#]/,
  output: {
    dir: join(root, 'dist'),
    cleanDir: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
  checks: { ineffectiveDynamicImport: false },
  logLevel: 'warn',
});
