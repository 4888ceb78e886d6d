import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { environment } from '#kernel/config/environment.ts';
import { buildWheel, type BuildResult, type WheelBuild } from '#cli/builder/build-wheel.ts';
import { findPythons, type Python } from '#cli/builder/find-pythons.ts';
import { DEFAULT_LIMITS, type BuildLimits } from '#cli/builder/limits.ts';
import { removeWork } from '#cli/builder/remove-work.ts';
import { sdist, sdistFilename } from '#test/archives.ts';
import { networkVariables } from '#test/clean-environment.ts';
import { findProgram } from '#test/clients.ts';
import { request } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { reachableIndex } from '#test/reachable-index.ts';
import { runChecked } from '#test/run-command.ts';
import { selfBuildingSdist, type SelfBuildingOptions } from '#test/self-building-sdist.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';

const ROOT = { user: 'root', password: '' };
const noSandbox = findProgram('bwrap') === undefined ? 'bubblewrap is not on this machine' : undefined;
const upstream = await reachableIndex();
const noIndex = upstream === undefined ? 'the index of pip cannot be reached from here' : undefined;

const MEGABYTE = 1024 ** 2;
const ORDINARY_USER = 61234;
const WAIT = { timeout: 60_000, interval: 50 };
/** Seconds to sleep that nobody else sleeps. */
const MARK = `98765.${process.pid}`;
/** Starts a process that belongs to nobody, as daemons do, and waits until it is there. */
const DAEMON = `
import os, time
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for descriptor in (0, 1, 2):
                os.close(descriptor)
            open('/build/started', 'w').close()
            os.execvp('sleep', ['sleep', '${MARK}'])
        os._exit(0)
    while not os.path.exists('/build/started'):
        time.sleep(0.01)
    return 'started'
`;

describe.skipIf(skipWithout(noSandbox))('a build', () => {
  let server: ServerProcess;
  let directory: TemporaryDirectory;
  let pythons: readonly Python[];
  let count = 0;

  beforeAll(async () => {
    const env = Object.fromEntries(networkVariables.map((name) => [name, environment[name] ?? '']));
    [server, directory, pythons] = await Promise.all([
      startServer({ env: { ...env, WHEELHOUSE_OFFLINE: 'no' } }),
      makeTemporaryDirectory(),
      findPythons(),
    ]);
    const patch = { mirror_no_project_list: true, ...(upstream !== undefined && { mirror_url: upstream }) };
    expect((await request(server, 'PATCH', '/root/pypi', ROOT, patch)).status).toBe(200);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await removeWork(directory.path);
  });

  interface Built {
    readonly result: BuildResult;
    readonly log: string;
    readonly work: string;
  }

  async function build(
    archive: { readonly filename: string; readonly bytes: Buffer },
    options: Partial<Omit<WheelBuild, 'limits'>> & { readonly limits?: Partial<BuildLimits> } = {},
  ): Promise<Built> {
    const place = join(directory.path, String((count += 1)));
    await mkdir(place);
    const path = join(place, archive.filename);
    await writeFile(path, archive.bytes, { mode: 0o600 });
    const lines: string[] = [];
    const work = join(place, 'work');
    const result = await buildWheel({
      python: pythons.at(-1) as Python,
      sdist: path,
      project: 'demo',
      version: '1.0',
      work,
      index: { url: server.url, path: '/root/pypi/+simple/' },
      slot: count,
      epoch: 1_600_000_000,
      onLog: (line) => lines.push(line),
      signal: new AbortController().signal,
      ...options,
      limits: { ...DEFAULT_LIMITS, seconds: 120, freeDiskBytes: 0, ...options.limits },
    });
    return { result, log: lines.join('\n'), work };
  }

  /** A build of a project whose own code runs in the middle of it. */
  async function running(
    duringBuild: string,
    options: Parameters<typeof build>[1] & Pick<SelfBuildingOptions, 'module' | 'extension'> = {},
  ): Promise<Built> {
    return await build(selfBuildingSdist({ ...options, duringBuild }), options);
  }

  it('makes a pure wheel and tells what it took', async () => {
    const { result, log } = await running('print("hello from the build")');

    expect(result, log).toMatchObject({
      outcome: 'built',
      wheels: [{ filename: 'demo-1.0-py3-none-any.whl', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      inputs: [],
    });
    expect(result.seconds).toBeGreaterThan(0);
    expect(log).toContain('hello from the build');
  });

  it.skipIf(skipWithout(noIndex))(
    'makes C extensions for two Pythons, with setuptools from the index',
    async () => {
      expect(noIndex).toBeUndefined();
      const archive = {
        filename: sdistFilename(),
        bytes: sdist({
          files: {
            'setup.py':
              'from setuptools import Extension, setup\n' +
              'setup(name="demo", version="1.0", py_modules=[], ext_modules=[Extension("demo", ["demo.c"])])\n',
            'demo.py': undefined,
            'demo.c':
              '#include <Python.h>\n' +
              'static struct PyModuleDef demo = {PyModuleDef_HEAD_INIT, "demo", NULL, -1, NULL};\n' +
              'PyMODINIT_FUNC PyInit_demo(void) { return getpid() == 0 ? NULL : PyModule_Create(&demo); }\n',
          },
        }),
      };
      const chosen = pythons.filter(({ pip, hasHeaders }) => pip !== undefined && hasHeaders).slice(-2);

      const builds = await Promise.all(chosen.map((python) => build(archive, { python })));

      for (const [at, { result, log }] of builds.entries()) {
        const { tag = '', platform = '' } = chosen[at] ?? {};
        expect(result, log).toMatchObject({
          outcome: 'built',
          wheels: [
            {
              filename: `demo-1.0-${tag}-${tag}-${platform}.whl`,
              libraries: [],
              glibc: expect.stringMatching(/^2\./),
            },
          ],
        });
        expect(result.inputs.map(({ filename }) => filename)).toContainEqual(
          expect.stringMatching(/^setuptools-.*\.whl$/),
        );
      }
    },
  );

  it.skipIf(skipWithout(noIndex))('imports what it has made, beside what that requires', async () => {
    const needing = (name: string) =>
      selfBuildingSdist({
        headers: `Requires-Dist: ${name}\nRequires-Dist: nothing; extra == 'more'\n`,
        module: 'import iniconfig\nprint("imported", iniconfig.__name__)\n',
      });

    const [found, absent] = await Promise.all([
      build(needing('iniconfig')),
      build(needing('no-such-project-anywhere')),
    ]);

    expect(found.result, found.log).toMatchObject({ outcome: 'built', notes: [], inputs: [] });
    expect(found.log).toContain('imported iniconfig');
    expect(absent.result, absent.log).toMatchObject({
      outcome: 'built',
      notes: [
        'what it requires could not be installed from wheels',
        "importing demo fails: ModuleNotFoundError: No module named 'iniconfig'",
      ],
    });
  });

  it('says whether the same comes of it once more, and what differs', async () => {
    const [same, other] = await Promise.all([
      running('', { reproduce: true }),
      running('import backend, uuid\nbackend.MODULE = str(uuid.uuid4().int)', { reproduce: true }),
    ]);

    expect(same.result, same.log).toMatchObject({ outcome: 'built', differences: [] });
    expect(other.result, other.log).toMatchObject({
      outcome: 'built',
      differences: ['demo.py differs', 'demo-1.0.dist-info/RECORD differs'],
    });
  });

  it('fails when an extension module of its own cannot be loaded, and for nothing less', async () => {
    const [broken, crashing, raising] = await Promise.all([
      running('', { extension: 'demo_c' }),
      running('', { module: 'import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n' }),
      running('', { module: 'raise RuntimeError("no display")\n' }),
    ]);

    expect(broken.result, broken.log).toMatchObject({
      outcome: 'failed',
      failureClass: 'import-fails',
      detail: expect.stringMatching(/^importing demo_c fails: ImportError: /),
    });
    expect(crashing.result, crashing.log).toMatchObject({
      failureClass: 'import-fails',
      detail: 'importing demo ends the interpreter with signal 11',
    });
    expect(raising.result, raising.log).toMatchObject({
      outcome: 'built',
      notes: ['importing demo fails: RuntimeError: no display'],
    });
  });

  it('ends at its time with all that it started', async () => {
    const { result, log } = await running(
      `${DAEMON}
import subprocess
subprocess.Popen(['sleep', '${MARK}'])
print('daemon', daemon(), flush=True)
subprocess.run(['sleep', '${MARK}'])`,
      { limits: { seconds: 8 } },
    );

    expect(result).toMatchObject({ outcome: 'failed', failureClass: 'time-limit' });
    expect(log).toContain('daemon started');
    expect(await processesWith(MARK)).toEqual([]);
  });

  it('leaves no daemon behind when it has ended well', async () => {
    const { result, log } = await running(`${DAEMON}\nprint('daemon', daemon(), flush=True)`);

    expect(result, log).toMatchObject({ outcome: 'built' });
    expect(log).toContain('daemon started');
    expect(await processesWith(MARK)).toEqual([]);
  });

  it('can be aborted', async () => {
    const controller = new AbortController();
    const aborted = running(
      `import subprocess\nprint('it sleeps', flush=True)\nsubprocess.run(['sleep', '${MARK}'])`,
      {
        signal: controller.signal,
        onLog: (line) => {
          if (line.includes('it sleeps')) controller.abort(new Error('the lease is lost'));
        },
      },
    );

    await expect(aborted).rejects.toThrow('the lease is lost');
    expect(await processesWith(MARK)).toEqual([]);
  });

  it('ends at its memory, which its processes share', async () => {
    const { result, log } = await running(
      `import os, time
for _ in range(8):
    if os.fork() == 0:
        held = bytearray(os.urandom(1024) * (100 * 1024))
        time.sleep(1000)
time.sleep(1000)`,
      { limits: { memoryBytes: 400 * MEGABYTE } },
    );

    expect(result, log).toMatchObject({ outcome: 'failed', failureClass: 'memory-limit' });
    expect(result.peakMemoryBytes).toBeGreaterThan(400 * MEGABYTE);
  });

  it('ends at its number of processes', async () => {
    const { result, log } = await running(
      `import os
while True:
    try:
        os.fork()
    except OSError:
        pass`,
      { limits: { processes: 64 } },
    );

    expect(result, log).toMatchObject({ outcome: 'failed', failureClass: 'process-limit' });
  });

  it('ends when it has written too much, wherever it may', async () => {
    const { result, log } = await running(
      `import itertools, time
for number in itertools.count():
    try:
        with open('%s/%d' % (('/tmp', '/build', '/dev/shm')[number % 3], number), 'wb') as file:
            file.write(bytes(8 * 2 ** 20))
    except OSError:
        time.sleep(1000)
    time.sleep(0.02)`,
      { limits: { diskBytes: 64 * MEGABYTE } },
    );

    expect(result, log).toMatchObject({ outcome: 'failed', failureClass: 'disk-limit' });
  });

  it('reaches nothing but pages and files of the index', async () => {
    const { port } = new URL(server.url);
    const asked = [
      '/',
      '/+status',
      '/root/pypi/',
      '/root/pypi/+simple/',
      '/root/pypi/+simple/../../',
      '/root/dev/+simple/demo/',
    ];

    const { result, log } = await running(`
import http.client, socket
for kind, address in [
    (socket.AF_INET, ('192.0.2.1', 80)), (socket.AF_INET, ('169.254.169.254', 80)), (socket.AF_INET, ('10.0.0.1', 22)),
    (socket.AF_INET, ('127.0.0.1', ${port})), (socket.AF_INET6, ('::1', ${port})), (socket.AF_INET6, ('2001:db8::1', 80)),
]:
    with socket.socket(kind) as one:
        one.settimeout(5)
        print('connection to', address[0], one.connect_ex(address) == 0)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    try:
        one.sendto(b'?', ('192.0.2.53', 53))
        print('connection by datagram True')
    except OSError:
        print('connection by datagram False')
def ask(method, path):
    connection = http.client.HTTPConnection('127.0.0.1', 3141)
    connection.request(method, path)
    print('asked', method, path, connection.getresponse().status)
for path in ${JSON.stringify(asked)}:
    ask('GET', path)
ask('GET', '${server.url}/root/pypi/')
ask('POST', '/root/pypi/+simple/demo/')
ask('GET', '/root/pypi/+simple/never-heard-of-it/')
`);

    expect(result, log).toMatchObject({ outcome: 'built' });
    expect(log.match(/connection (?:to|by) \S+ \w+/g)).toHaveLength(7);
    expect(log).not.toMatch(/connection .* True/);
    for (const path of asked) expect(log).toContain(`asked GET ${path} 403`);
    expect(log).toContain(`asked GET ${server.url}/root/pypi/ 403`);
    expect(log).toContain('asked POST /root/pypi/+simple/demo/ 405');
    expect(log).toMatch(/asked GET \/root\/pypi\/\+simple\/never-heard-of-it\/ (?:404|502|503)/);
  });

  it('sees nothing of the host: no files, no environment, no processes, no other build', async () => {
    const secret = join(directory.path, 'token');
    await writeFile(secret, 'wh_very-secret');
    process.env['TEST_OF_BUILDER_SECRET'] = 'wh_in-the-environment';
    const other = running(`import time\nopen('/build/secret', 'w').write('wh_other-build')\ntime.sleep(3)`);

    const { result, log } = await running(
      `
import glob, os, time
time.sleep(1)
for place in ['${secret}', '${directory.path}', '${homedir()}/.bashrc', '${homedir()}/.ssh', '${homedir()}/.npmrc', '/etc/shadow', '/etc/ssh', '/sys', '/mnt', '/opt', '/srv', '/var/lib', '/proc/1/root/etc/shadow', '/dev/vda', '/dev/sda', '/dev/mem', '/dev/kmsg']:
    try:
        found = os.listdir(place) if os.path.isdir(place) else open(place, 'rb').read(10)
    except OSError:
        found = None
    print('found', place, bool(found))
for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):
    try:
        print(open(path).read().replace(chr(0), ' '))
    except OSError:
        pass
print('processes', len(glob.glob('/proc/[0-9]*')))
print('descriptors', sorted(os.readlink('/proc/self/fd/%s' % each).split(':')[0] for each in '012'), len(os.listdir('/proc/self/fd')))
for top, _, names in os.walk('/build'):
    for name in names:
        if 'secret' in name:
            print('found another build True')
`,
      { index: { url: server.url, path: '/root/pypi/+simple/', authorization: 'Bearer wh_of-the-builder' } },
    );
    await other;
    delete process.env['TEST_OF_BUILDER_SECRET'];

    expect(result, log).toMatchObject({ outcome: 'built' });
    expect(log.match(/found .* \w+/g)).toHaveLength(17);
    expect(log).not.toMatch(/found .* True/);
    expect(log).not.toContain('wh_');
    expect(Number(/processes (\d+)/.exec(log)?.[1])).toBeLessThan(12);
  });

  it('writes nowhere but to its own directories', async () => {
    const prefix = pythons.at(-1)?.executable.replace(/\/bin\/[^/]*$/, '');

    const { result, log } = await running(`
import ctypes, glob, os
for place in ['/', '/usr', '/usr/lib', '/usr/local/bin', '/etc', '/run', '/var', '/dev', '/input', '/bin', '${prefix}', '${prefix}/lib', '/proc/sys/kernel', *glob.glob('/sys')]:
    try:
        open(os.path.join(place, 'here'), 'w').close()
        print('wrote to', place)
    except OSError:
        pass
for path in ['/etc/passwd', '/run/index', *glob.glob('/input/*'), '/proc/sys/kernel/hostname', '/proc/sysrq-trigger']:
    try:
        open(path, 'a').write('x')
        print('wrote to', path)
    except OSError:
        pass
libc = ctypes.CDLL(None, use_errno=True)
for flag in (0x10000000, 0x00020000, 0x20000000):
    print('unshare', libc.unshare(flag))
print('hidden memory', libc.memfd_create(b'x', 0), libc.shmget(0, 4096, 0o1600))
print('mount', libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))
print('capabilities', [line for line in open('/proc/self/status') if line.startswith('Cap') and int(line.split()[1], 16)])
print('no new privileges', [line.split()[1] for line in open('/proc/self/status') if line.startswith('NoNewPrivs')])
`);

    expect(result, log).toMatchObject({ outcome: 'built' });
    expect(log).not.toContain('wrote to');
    expect(log.match(/unshare -1/g)).toHaveLength(3);
    expect(log).toContain('hidden memory -1 -1');
    expect(log).toContain('mount -1');
    expect(log).toContain('capabilities []');
    expect(log).toContain("no new privileges ['1']");
  });

  /** A program that builds in a process of its own, with the first of these Pythons that has pip, and prints what came of it. */
  function programOf(place: string, filename: string, directories?: readonly string[]): string {
    const source = (name: string) =>
      pathToFileURL(join(import.meta.dirname, '../../src/cli/builder', name)).href;
    const build = {
      sdist: join(place, filename),
      project: 'demo',
      version: '1.0',
      work: join(place, 'work'),
      index: { url: server.url, path: '/root/pypi/+simple/' },
      slot: 0,
      epoch: 0,
      limits: { ...DEFAULT_LIMITS, seconds: 120, freeDiskBytes: 0 },
    };
    return `
const { buildWheel } = await import('${source('build-wheel.ts')}');
const { findPythons } = await import('${source('find-pythons.ts')}');
const [python] = (await findPythons(${JSON.stringify(directories)})).filter(({ pip }) => pip !== undefined);
const lines = [];
const onLog = (line) => lines.push(line);
const result = python && await buildWheel({ python, ...${JSON.stringify(build)}, onLog, signal: new AbortController().signal });
console.log(JSON.stringify({ result, log: lines.join('\\n') }));`;
  }

  // Where the tests do not run as root, all of them do this.
  it.runIf(process.getuid?.() === 0)(
    'needs no root: an ordinary user builds in a user namespace',
    async () => {
      const place = join(directory.path, 'of-a-user');
      const { filename, bytes } = selfBuildingSdist({
        duringBuild: `
import ctypes, os, subprocess
print('runs as', os.getuid(), [line.split()[1] for line in open('/proc/self/status') if line.startswith('CapBnd')])
print('unshare', ctypes.CDLL(None).unshare(0x10000000))
print('written', any(os.access(each, os.W_OK) for each in ('/', '/usr', '/etc', '/dev', '/run')))
subprocess.Popen(['sleep', '${MARK}'], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)`,
      });
      await mkdir(place);
      await chmod(directory.path, 0o755);
      await writeFile(join(place, filename), bytes);
      await chown(place, ORDINARY_USER, ORDINARY_USER);
      const program = programOf(place, filename, ['/usr/bin']);

      const ran = await runChecked([process.execPath, '--input-type=module', '--eval', program], {
        uid: ORDINARY_USER,
        gid: ORDINARY_USER,
        cwd: '/',
        env: { HOME: '/nonexistent' },
      });

      const { result, log } = JSON.parse(ran.stdout) as {
        readonly result?: BuildResult;
        readonly log: string;
      };
      if (skipWithout(result === undefined ? 'Debian has no python3 with pip here' : undefined)) return;
      expect(result, log).toMatchObject({ outcome: 'built' });
      expect(log).toContain("runs as 1000 ['0000000000000000']");
      expect(log).toContain('unshare -1');
      expect(log).toContain('written False');
      expect(await processesWith(MARK)).toEqual([]);
    },
  );

  it('goes with its builder when that is killed', async () => {
    const place = join(directory.path, 'killed');
    const { filename, bytes } = selfBuildingSdist({
      duringBuild: `${DAEMON}\ndaemon()\nimport subprocess\nsubprocess.run(['sleep', '${MARK}'])`,
    });
    await mkdir(place);
    await writeFile(join(place, filename), bytes);
    const builder = execa(process.execPath, ['--input-type=module', '--eval', programOf(place, filename)], {
      reject: false,
      // What it cannot remove any more goes with the directory of the tests.
      env: { TMPDIR: directory.path },
    });
    await vi.waitUntil(async () => (await processesWith(MARK)).length === 2, WAIT);

    builder.kill('SIGKILL');
    await builder;

    await vi.waitUntil(async () => (await processesWith(MARK)).length === 0, WAIT);
  });

  it('throws where there can be no sandbox', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    try {
      await expect(running('')).rejects.toThrow(
        'this machine cannot make a sandbox: bubblewrap cannot be started',
      );
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('has a log of bounded size, in which nothing moves the cursor', async () => {
    const { result, log } = await running(
      `print('\\x1b[2J\\x1b]0;title\\x07begin' + chr(0x202e))
for number in range(3000):
    print('line', number, 'x' * 50)
print('x' * 2000000)
print('the end')`,
      { limits: { logBytes: 50_000 } },
    );

    expect(result).toMatchObject({ outcome: 'built' });
    expect(log.length).toBeLessThan(900_000);
    expect(log).toContain('begin');
    expect(log).toContain('the end');
    // oxlint-disable-next-line no-control-regex
    expect(log).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

/** Lines of arguments of the processes of this machine that have this argument. */
async function processesWith(argument: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.split('\0').includes(argument));
}
