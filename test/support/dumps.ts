import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A dump as a test wants it: what `dataindex.json` says, and bytes by their path. */
export interface TestDump {
  readonly users?: Readonly<Record<string, unknown>>;
  readonly indexes?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, Buffer | string>>;
  /** More keys of the whole, or others. */
  readonly top?: Readonly<Record<string, unknown>>;
}

/** Writes a dump as devpi-export of today does. */
export async function writeDump(
  directory: string,
  { users = {}, indexes = {}, files = {}, top }: TestDump,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const [relpath, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(directory, relpath)), { recursive: true });
    await writeFile(join(directory, relpath), bytes);
  }
  const index = { dumpversion: '2', devpi_server: '6.19.1', users, indexes, ...top };
  await writeFile(join(directory, 'dataindex.json'), JSON.stringify(index, null, 2));
  return directory;
}

/** What a dump says of a file of a release. */
export function dumpedFile(
  relpath: string,
  bytes: Buffer | string,
  { projectname = 'demo', version = '1.0', ...more }: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    type: 'releasefile',
    projectname,
    version,
    relpath,
    entrymapping: {
      last_modified: 'Fri, 20 Nov 2020 06:42:44 GMT',
      hash_spec: `sha256=${createHash('sha256').update(bytes).digest('hex')}`,
      project: projectname,
      version,
    },
    log: [{ what: 'upload', who: 'ada', when: [2020, 11, 20, 6, 42, 44], dst: 'ada/dev' }],
    ...more,
  };
}
