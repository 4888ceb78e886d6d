import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment } from '#kernel/config/environment.ts';
import { buildWheel, type BuildResult, type WheelBuild } from '#cli/builder/build-wheel.ts';
import { findPythons, type Python } from '#cli/builder/find-pythons.ts';
import { DEFAULT_LIMITS, type BuildLimits } from '#cli/builder/limits.ts';
import { sdist, sdistFilename } from '#test/archives.ts';
import { networkVariables } from '#test/clean-environment.ts';
import { findProgram } from '#test/clients.ts';
import { request } from '#test/index-api.ts';
import { skipWithout } from '#test/machine.ts';
import { reachableIndex } from '#test/reachable-index.ts';
import { selfBuildingSdist, type SelfBuildingOptions } from '#test/self-building-sdist.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '#test/temporary-directory.ts';

const ROOT = { user: 'root', password: '' };
const noSandbox = findProgram('bwrap') === undefined ? 'bubblewrap is not on this machine' : undefined;
const upstream = await reachableIndex();
const noIndex = upstream === undefined ? 'the index of pip cannot be reached from here' : undefined;

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
    await directory[Symbol.asyncDispose]();
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
    options: Parameters<typeof build>[1] & Pick<SelfBuildingOptions, 'module'> = {},
  ): Promise<Built> {
    return await build(selfBuildingSdist({ duringBuild, ...options }), options);
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
              'PyMODINIT_FUNC PyInit_demo(void) { return PyModule_Create(&demo); }\n',
          },
        }),
      };
      const chosen = pythons.filter(({ pip, hasHeaders }) => pip !== undefined && hasHeaders).slice(-2);

      const builds = await Promise.all(chosen.map((python) => build(archive, { python })));

      for (const [at, { result, log }] of builds.entries()) {
        const { tag = '', platform = '' } = chosen[at] ?? {};
        expect(result, log).toMatchObject({
          outcome: 'built',
          wheels: [{ filename: `demo-1.0-${tag}-${tag}-${platform}.whl` }],
        });
        expect(result.inputs.map(({ filename }) => filename)).toContainEqual(
          expect.stringMatching(/^setuptools-.*\.whl$/),
        );
      }
    },
  );
});
