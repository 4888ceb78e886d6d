import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { execa } from 'execa';
import { send } from './http.ts';
import type { IndexProject, Resolution } from './synthetic-index.ts';

/** The fixture upstream, on the load's core. */
export interface Upstream extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly resolution: Resolution;
  /** What a right page of the project lists; makes it if need be, so that nobody who is measured waits for that. */
  project(name: string): Promise<IndexProject>;
  /** Length and CRC-32 of a file that can be downloaded. */
  checksum(project: string, filename: string): Promise<{ readonly crc32: number; readonly size: number }>;
  /** Requests by path since the last reset. */
  counts(): Promise<Readonly<Record<string, number>>>;
  reset(): Promise<void>;
}

export interface UpstreamOptions {
  readonly listLength: number;
  readonly latencyMs: number;
}

export async function startUpstream({ listLength, latencyMs }: UpstreamOptions): Promise<Upstream> {
  const program = join(import.meta.dirname, 'upstream-server.ts');
  const child = execa(process.execPath, [program, String(listLength), String(latencyMs)], {
    reject: false,
    stdin: 'ignore',
    stderr: 'inherit',
    buffer: false,
  });
  const url = await Promise.race([
    firstLine(child.stdout),
    child.then(() => {
      throw new Error('the fixture upstream ended before it was ready');
    }),
  ]);
  const ask = async <Result>(path: string): Promise<Result> => {
    const { status, body } = await send(`${url}/-/${path}`);
    if (status !== 200) throw new Error(`the fixture upstream answered ${status} for ${path}`);
    return JSON.parse(body.toString()) as Result;
  };
  return {
    url,
    resolution: await ask<Resolution>('resolution'),
    async project(name) {
      const project = await ask<IndexProject | null>(`project/${name}`);
      if (project === null) throw new Error(`the fixture upstream has no project ${name}`);
      return project;
    },
    checksum: async (project, filename) => await ask(`checksum/${project}/${filename}`),
    counts: async () => await ask('counts'),
    reset: async () => {
      await ask('reset');
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await child;
    },
  };
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('the fixture upstream printed nothing');
}
