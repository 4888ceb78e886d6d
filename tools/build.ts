// Bundles src/ into dist/, which only the published package uses: Node strips no types below node_modules.
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, parse } from 'node:path';
import { build } from 'rolldown';

const root = join(import.meta.dirname, '..');
// Threads are started by address, beside the file that starts them: each is an entry, and all lie in one directory.
const entries = ['src/start.js', ...globSync('src/**/*-worker.ts', { cwd: root })];
const byName = new Map(entries.map((path) => [parse(path).name, path]));
if (byName.size !== entries.length) throw new Error(`two of these have one name: ${entries.join(' ')}`);

const BUNDLED = [
  // Because of what else it would install: 32 MB of formulas and colours, in whose place our own are used.
  'rst-compiler',
  // Every command loads them, and a hundred files take longer than the one that is left of them.
  'commander',
  'zod',
];
/** What formulas and colours would be made with; ours stand in for them. */
const LEFT_OUT = ['katex', 'shiki'];
const EMPTY = '\0empty';

await build({
  cwd: root,
  input: Object.fromEntries(byName),
  platform: 'node',
  // What package.json names is installed with the package.
  external: (id) => /^[^./#\0]/.test(id) && ![...BUNDLED, ...LEFT_OUT].includes(id),
  plugins: [
    {
      name: 'without-formulas-and-colours',
      resolveId: (id) => (LEFT_OUT.includes(id) ? EMPTY : undefined),
      load: (id) => (id === EMPTY ? 'export default {}; export const bundledLanguagesInfo = [];' : undefined),
    },
  ],
  output: {
    dir: join(root, 'dist'),
    cleanDir: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
  checks: { ineffectiveDynamicImport: false },
  logLevel: 'warn',
});

// What pages load stands beside the bundle, as it stands beside src/web/assets.ts.
cpSync(join(root, 'src/web/static'), join(root, 'dist/static'), { recursive: true });
mkdirSync(join(root, 'dist/browser'), { recursive: true });
for (const name of globSync('*.ts', { cwd: join(root, 'src/web/browser') })) {
  const text = readFileSync(join(root, 'src/web/browser', name), 'utf8');
  writeFileSync(join(root, 'dist/browser', name.replace(/\.ts$/, '.js')), stripTypeScriptTypes(text));
}

for (const name of BUNDLED) {
  copyFileSync(join(root, 'node_modules', name, 'LICENSE'), join(root, 'dist', `LICENSE-${name}.txt`));
}
