// Builds the wheel `wheelhouse-server` for this platform: the program as `npm run build` bundles it, its Node, and its names as
// console scripts. `devpi` is not among them: devpi-client, which people install beside it, brings that one.
//
//   node tools/build-wheel.ts [DIRECTORY]     default is wheels/
import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from '#kernel/process/run.ts';
import { copyProgram } from '../src/cli/deployment/copy-program.ts';
import { programs } from '../src/cli/programs.ts';
import { writeZip, type ZipFile } from './wheel/write-zip.ts';

const root = join(import.meta.dirname, '..');
const { version, description, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly [key: string]: string;
};
const PACKAGE = 'wheelhouse_server';

/** What Node is built for: on Linux its executable asks for this version of glibc. */
const platforms: Readonly<Record<string, string>> = {
  'linux-x64': 'manylinux_2_28_x86_64',
  'linux-arm64': 'manylinux_2_28_aarch64',
  'darwin-x64': 'macosx_13_0_x86_64',
  'darwin-arm64': 'macosx_13_0_arm64',
};

const platform = platforms[`${process.platform}-${process.arch}`];
if (platform === undefined) throw new Error(`no Node is pinned for ${process.platform}-${process.arch}`);
const directory = resolve(process.argv[2] ?? join(root, 'wheels'));
const built = await run([process.execPath, join(root, 'tools', 'build.ts')], { cwd: root });
if (built.exitCode !== 0) throw new Error(built.stderr);
const scratch = await mkdtemp(join(tmpdir(), 'wheelhouse-wheel-'));
try {
  const program = join(scratch, 'program');
  await copyProgram({ root, code: 'dist', node: process.execPath }, program);
  const files = [
    { name: `${PACKAGE}/__init__.py`, data: readFileSync(join(root, 'tools', 'wheel', 'start.py')) },
    ...filesBelow(program).map((file) => ({ ...file, name: `${PACKAGE}/program/${file.name}` })),
    ...metadataFiles(platform),
  ];
  const record = `${PACKAGE}-${version}.dist-info/RECORD`;
  const lines = files.map(({ name, data }) => `${name},sha256=${digestOf(data)},${data.byteLength}\n`);
  const path = join(directory, `${PACKAGE}-${version}-py3-none-${platform}.whl`);
  await mkdir(directory, { recursive: true });
  writeZip(path, [...files, { name: record, data: Buffer.from(`${lines.join('')}${record},,\n`) }]);
  process.stdout.write(`${path}\n`);
} finally {
  await rm(scratch, { recursive: true });
}

function filesBelow(from: string): ZipFile[] {
  return globSync('**', { cwd: from, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const isExecutable = (statSync(path).mode & 0o100) !== 0;
      return { name: path.slice(from.length + 1), data: readFileSync(path), isExecutable };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function metadataFiles(tag: string): ZipFile[] {
  const scripts = ['wheelhouse', ...programs.map(({ name }) => name)];
  const texts = {
    METADATA: `Metadata-Version: 2.4
Name: wheelhouse-server
Version: ${version}
Summary: ${description}
License-Expression: ${license}
License-File: LICENSE
Requires-Python: >=3.8
Description-Content-Type: text/markdown

${readFileSync(join(root, 'README.md'), 'utf8')}`,
    WHEEL: `Wheel-Version: 1.0
Generator: wheelhouse-server
Root-Is-Purelib: false
Tag: py3-none-${tag}
`,
    'entry_points.txt': `[console_scripts]\n${scripts.map((name) => `${name} = ${PACKAGE}:main\n`).join('')}`,
    'licenses/LICENSE': readFileSync(join(root, 'LICENSE'), 'utf8'),
  };
  return Object.entries(texts).map(([name, text]) => ({
    name: `${PACKAGE}-${version}.dist-info/${name}`,
    data: Buffer.from(text),
  }));
}

function digestOf(data: Buffer): string {
  return createHash('sha256').update(data).digest('base64url');
}
