import { open, readdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { environment } from '#kernel/config/environment.ts';
import { run } from '#kernel/process/run.ts';

/** A CPython of this machine that wheels can be built for. */
export interface Python {
  /** Absolute, without links. */
  readonly executable: string;
  /** `3.11.7`. */
  readonly version: string;
  /** `cp311`; `cp313t` where it runs without the global lock. */
  readonly tag: string;
  /** As wheels name it: `linux_x86_64`. That of the interpreter, which may differ from the kernel's. */
  readonly platform: string;
  /** Directories that it is made of, besides those below /usr. */
  readonly prefixes: readonly string[];
  /** The version of its pip; without one it cannot build. */
  readonly pip?: string;
  /** Whether C extensions can be compiled: Debian has the headers in a package of their own. */
  readonly hasHeaders: boolean;
}

const OLDEST_MINOR = 8;
const PROBE_LIMIT_MS = 20_000;
const NAME = /^python(?:3(?:\.\d+t?)?)?$/;

/**
 * The CPythons from 3.8 on in these directories, one for each tag, oldest first: the first that has pip and headers. Without directories those of
 * PATH, of the system, of pyenv and of uv. Scripts that choose a Python, as pyenv has them, do not count.
 */
export async function findPythons(directories?: readonly string[]): Promise<Python[]> {
  const places = directories ?? (await placesOfThisMachine());
  const executables = new Set<string>();
  for (const place of places) {
    for (const name of (await readdir(place).catch(() => [])).filter((each) => NAME.test(each)).toSorted()) {
      const path = await realpath(join(place, name)).catch(() => undefined);
      if (path !== undefined && (await isElf(path))) executables.add(path);
    }
  }
  const byTag = new Map<string, Python>();
  for (const python of await Promise.all([...executables].map(probe))) {
    if (python === undefined) continue;
    const other = byTag.get(python.tag);
    if (other === undefined || rank(python) > rank(other)) byTag.set(python.tag, python);
  }
  return [...byTag.values()].toSorted((a, b) => minorOf(a) - minorOf(b) || (a.tag < b.tag ? -1 : 1));
}

async function placesOfThisMachine(): Promise<string[]> {
  const managed = await Promise.all(
    [join(homedir(), '.pyenv/versions'), join(homedir(), '.local/share/uv/python')].map(async (root) =>
      (await readdir(root).catch(() => [])).toSorted().map((name) => join(root, name, 'bin')),
    ),
  );
  const path = (environment['PATH'] ?? '').split(delimiter).filter((place) => place.startsWith('/'));
  return [...path, '/usr/local/bin', '/usr/bin', ...managed.flat()];
}

async function isElf(path: string): Promise<boolean> {
  try {
    await using file = await open(path);
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === '\u007fELF';
  } catch {
    return false;
  }
}

function rank({ pip, hasHeaders }: Python): number {
  return (pip === undefined ? 0 : 2) + (hasHeaders ? 1 : 0);
}

function minorOf({ version }: Python): number {
  return Number(version.split('.')[1]);
}

// packaging.tags: an interpreter of 32 bits on a kernel of 64 says the kernel's platform.
const PROBE = `
import json, os, struct, sys, sysconfig
platform = sysconfig.get_platform().replace('-', '_').replace('.', '_')
if struct.calcsize('P') == 4:
    platform = {'linux_x86_64': 'linux_i686', 'linux_aarch64': 'linux_armv7l'}.get(platform, platform)
try:
    import pip
    pip_version = pip.__version__
except Exception:
    pip_version = None
paths = sysconfig.get_paths()
base = os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable)
print(json.dumps({
    'implementation': sys.implementation.name,
    'executable': base,
    'version': '%d.%d.%d' % sys.version_info[:3],
    'tag': 'cp%d%d%s' % (sys.version_info[0], sys.version_info[1], 't' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''),
    'platform': platform,
    'prefixes': sorted(set(map(os.path.realpath, [sys.base_prefix, sys.base_exec_prefix, paths['stdlib'], paths['platstdlib']]))),
    'pip': pip_version,
    'hasHeaders': os.path.exists(os.path.join(paths['include'], 'Python.h')),
}))
`;

async function probe(executable: string): Promise<Python | undefined> {
  try {
    const { exitCode, stdout } = await run([executable, '-I', '-c', PROBE], {
      env: { LC_ALL: 'C.UTF-8' },
      timeoutMs: PROBE_LIMIT_MS,
    });
    if (exitCode !== 0) return undefined;
    const { implementation, pip, prefixes, ...python } = JSON.parse(stdout) as Probed;
    if (implementation !== 'cpython') return undefined;
    const [major, minor] = python.version.split('.').map(Number);
    if (major !== 3 || (minor ?? 0) < OLDEST_MINOR) return undefined;
    // That of a virtual environment is the one that it was made from.
    if (python.executable !== executable) return await probe(python.executable);
    return { ...python, prefixes: outermost(prefixes), ...(pip !== null && { pip }) };
  } catch {
    return undefined;
  }
}

interface Probed extends Omit<Python, 'pip'> {
  readonly implementation: string;
  readonly pip: string | null;
}

function outermost(prefixes: readonly string[]): string[] {
  const isBelow = (path: string, top: string) => path.startsWith(`${top}/`);
  return prefixes
    .filter((each) => each !== '/usr' && !isBelow(each, '/usr'))
    .filter((each) => !prefixes.some((other) => isBelow(each, other)));
}
