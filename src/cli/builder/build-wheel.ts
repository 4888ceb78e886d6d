import { chmod, copyFile, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { BadWheel, takeWheels, type BuiltWheel } from './check-wheels.ts';
import { classifyFailure, failureOf, type Failure } from './classify-failure.ts';
import { compareWheels } from './compare-wheels.ts';
import { findDebianPackage } from './debian-packages.ts';
import type { Python } from './find-pythons.ts';
import type { BuildLimits } from './limits.ts';
import { BUILD_PROGRAM, PLACES } from './build-program.ts';
import { INDEX_PORT, runInSandbox, type SandboxResult } from './sandbox/run-in-sandbox.ts';
import { serveIndex, type BuildIndex, type FetchedFile, type ServedIndex } from './sandbox/serve-index.ts';
import { testImports, type ImportTest } from './test-imports.ts';

/** One build of one lease. */
export interface WheelBuild {
  readonly python: Python;
  /** The file, whose digest was checked. Its name is the release's. */
  readonly sdist: string;
  readonly project: string;
  readonly version: string;
  /** A directory for this build alone, which need not be there; what is left in it is for the caller to remove with `removeWork`. */
  readonly work: string;
  readonly index: BuildIndex;
  readonly limits: BuildLimits;
  /** Builds that run at once on this machine have different ones, from 0 on. */
  readonly slot: number;
  /** Seconds since 1970, for `SOURCE_DATE_EPOCH`: when the sdist was uploaded. */
  readonly epoch: number;
  /** Whether it is built once more, to see whether the same comes of it. */
  readonly reproduce?: boolean;
  /** Called with every line of the log as it comes, without control characters. */
  readonly onLog: (line: string) => void;
  /** Aborting kills everything; `buildWheel` then throws its reason. */
  readonly signal: AbortSignal;
}

/** What is known of a build however it ended. */
export interface BuildFacts {
  readonly seconds: number;
  readonly peakMemoryBytes: number;
  /** What it fetched from the index, with digests. */
  readonly inputs: readonly FetchedFile[];
  readonly pythonVersion: string;
  readonly pipVersion: string;
}

export type BuildResult = BuildFacts &
  (
    | {
        readonly outcome: 'built';
        readonly wheels: readonly BuiltWheel[];
        readonly notes: readonly string[];
        readonly differences?: readonly string[];
      }
    | ({ readonly outcome: 'failed' } & Failure)
  );

/**
 * Builds the wheels of an sdist for one Python in a sandbox, checks them without running anything of them outside, and imports them in another sandbox. Whatever the sdist does, the answer is a result;
 * throws when it was aborted, or when this machine cannot do it at all.
 */
export async function buildWheel(build: WheelBuild): Promise<BuildResult> {
  const { python, work, limits } = build;
  await mkdir(work, { recursive: true, mode: 0o700 });
  await using index = await serveIndex(build.index, limits.fetchBytes);
  const ran = await runBuild(build, index.socket, 'build');
  const facts = {
    seconds: ran.seconds,
    peakMemoryBytes: ran.peakMemoryBytes,
    inputs: index.fetched,
    pythonVersion: python.version,
    pipVersion: python.pip ?? '',
  };
  if (ran.exitCode !== 0 || ran.limit !== undefined)
    return { outcome: 'failed', ...facts, ...(await explain(ran, index)) };
  let wheels: BuiltWheel[];
  try {
    wheels = await takeBuilt(build, 'build', 'wheels');
  } catch (error) {
    if (!(error instanceof BadWheel)) throw error;
    return { outcome: 'failed', ...facts, ...failureOf('bad-wheel', error.message) };
  }
  const notes: string[] = [];
  for (const [at, wheel] of wheels.entries()) {
    const tested = await tryImports(build, wheel, join(work, `import-${at}`), index.socket);
    notes.push(...tested.notes);
    if (tested.failure !== undefined)
      return { outcome: 'failed', ...facts, ...failureOf('import-fails', tested.failure) };
  }
  if (build.reproduce !== true) return { outcome: 'built', ...facts, wheels, notes };
  return {
    outcome: 'built',
    ...facts,
    wheels,
    notes,
    differences: await reproduce(build, wheels, index.socket),
  };
}

function takeBuilt(
  { work, project, version, python }: WheelBuild,
  from: string,
  to: string,
): Promise<BuiltWheel[]> {
  const wanted = { project: normalizeProjectName(project), version, python };
  return takeWheels(join(work, from, 'build', 'wheels'), join(work, to), wanted);
}

/** What differs when the same is done once more. */
async function reproduce(
  build: WheelBuild,
  wheels: readonly BuiltWheel[],
  indexSocket: string,
): Promise<string[]> {
  build.onLog('Building once more, to compare');
  const { exitCode, limit } = await runBuild(build, indexSocket, 'again');
  if (exitCode !== 0 || limit !== undefined) return ['the second build fails'];
  try {
    return await compareWheels(wheels, await takeBuilt(build, 'again', 'wheels-again'));
  } catch (error) {
    if (error instanceof BadWheel) return [error.message];
    throw error;
  }
}

async function tryImports(
  build: WheelBuild,
  wheel: BuiltWheel,
  directory: string,
  indexSocket: string,
): Promise<ImportTest> {
  const { python, limits, slot, onLog, signal, index } = build;
  onLog(`Testing the imports of ${wheel.filename}`);
  const env = pipEnvironment(index);
  return await testImports(wheel, {
    python,
    limits,
    slot,
    onLine: onLog,
    signal,
    env,
    directory,
    indexSocket,
  });
}

async function explain({ limit, tail }: SandboxResult, index: ServedIndex): Promise<Failure> {
  if (index.isSpent) return failureOf('disk-limit', 'the build fetched more from the index than it may');
  if (index.hasFailed && limit === undefined)
    return failureOf('network', 'the index did not answer as it must while it was built');
  const failure = classifyFailure(limit, tail);
  const debianPackage = failure.missing === undefined ? undefined : await findDebianPackage(failure.missing);
  if (debianPackage === undefined) return failure;
  const detail = `${failure.detail}: the package ${debianPackage} would bring it`;
  return { ...failure, debianPackage, detail };
}

async function runBuild(build: WheelBuild, indexSocket: string, name: string): Promise<SandboxResult> {
  const { python, sdist, work, limits, slot, epoch, onLog, signal, index } = build;
  const readable = join(work, basename(sdist));
  // Whoever is inside is another user, and the caller's file may be for its owner alone.
  await copyFile(sdist, readable);
  await chmod(readable, 0o644);
  const inside = `${PLACES.sdist}/${basename(sdist)}`;
  try {
    return await runInSandbox({
      python,
      argv: ['-I', '-c', BUILD_PROGRAM, inside],
      env: buildEnvironment(index, epoch),
      directory: join(work, name),
      inputs: { [inside]: readable },
      indexSocket,
      limits,
      slot,
      onLine: onLog,
      signal,
    });
  } finally {
    await rm(readable, { force: true });
  }
}

/** pip reads these wherever it is started, also by what it starts; its files of configuration are not there. */
function pipEnvironment({ path }: BuildIndex): Record<string, string> {
  const url = `http://127.0.0.1:${INDEX_PORT}${path}`;
  return {
    PIP_INDEX_URL: url,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_INPUT: '1',
    PIP_NO_CACHE_DIR: '1',
    PIP_NO_COLOR: '1',
    PIP_PROGRESS_BAR: 'off',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_PREFER_BINARY: '1',
    PIP_RETRIES: '2',
    UV_DEFAULT_INDEX: url,
    UV_NO_CONFIG: '1',
    NO_COLOR: '1',
  };
}

function buildEnvironment(index: BuildIndex, epoch: number): Record<string, string> {
  return {
    ...pipEnvironment(index),
    SOURCE_DATE_EPOCH: String(epoch),
    // A project that would clone or fetch gets an answer at once, and no prompt.
    GIT_ALLOW_PROTOCOL: 'file',
    GIT_TERMINAL_PROMPT: '0',
  };
}
