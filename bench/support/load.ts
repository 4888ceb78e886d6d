import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianPath } from '#test/clients.ts';
import { runChecked } from '#test/run-command.ts';
import type { Outcome } from './compare.ts';
import { readUsage } from './process-usage.ts';
import type { Server } from './server.ts';

export interface LoadRequest {
  /** Ignored by a script that names paths of its own. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One measurement of one server under one kind of request. */
export interface LoadSample {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly seconds: number;
  readonly connections: number;
  readonly scriptPath: string;
}

interface WrkResult {
  readonly requests: number;
  readonly bytes: number;
  readonly microseconds: number;
  readonly p99Microseconds: number;
  readonly errors: number;
}

// Only `done` is defined: a callback per response would cost more than the request itself.
const wrkScript = `
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {"requests":%d,"bytes":%d,"microseconds":%d,"p99Microseconds":%d,"errors":%d}\\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;

export async function writeLoadScript(directory: string): Promise<string> {
  const path = join(directory, 'wrk.lua');
  await writeFile(path, wrkScript);
  return path;
}

/** A script that asks for these paths in turn. */
export async function writePathsScript(
  directory: string,
  name: string,
  { paths, headers }: { readonly paths: readonly string[]; readonly headers: LoadRequest['headers'] },
): Promise<string> {
  const path = join(directory, `${name}.lua`);
  const requests = paths.map((each) => `  wrk.format("GET", ${JSON.stringify(each)}, headers),`).join('\n');
  const table = Object.entries(headers).map(
    ([key, value]) => `[${JSON.stringify(key)}] = ${JSON.stringify(value)}`,
  );
  const script = `
local requests
local turn = 0
function init(args)
  local headers = { Host = wrk.headers["Host"], ${table.join(', ')} }
  requests = {
${requests}
  }
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
`;
  await writeFile(path, script + wrkScript);
  return path;
}

/** Sends one request over and over with wrk and reads what the whole server process tree used meanwhile. */
export async function measureLoad(
  server: Server,
  request: LoadRequest,
  options: LoadOptions,
): Promise<LoadSample> {
  const headers = Object.entries(request.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const argv = [
    debianPath('wrk'),
    '-t1',
    `-c${options.connections}`,
    `-d${options.seconds}s`,
    '--timeout',
    '30s',
    '-s',
    options.scriptPath,
    ...headers,
    server.url + request.path,
  ];
  const before = await readUsage(server.pid);
  const { stdout } = await runChecked(argv);
  const after = await readUsage(server.pid);
  const line = /^RESULT (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`wrk printed no result\n${stdout}`);
  const result = JSON.parse(line) as WrkResult;
  // Transfers cut off by the end of the run are not counted by wrk; anything else is a wrong answer.
  if (result.errors > 0) throw new Error(`${server.name} ${request.path}: ${result.errors} failed requests`);
  return {
    requests: result.requests,
    bytes: result.bytes,
    seconds: result.microseconds / 1e6,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    p99Ms: result.p99Microseconds / 1000,
  };
}

/**
 * The figure of each round; none at all where a target finished no request in one of them: nothing was measured then, and
 * a spread that begins with 0 would say that something was.
 */
export function requestsPerCpuSecond(samples: readonly LoadSample[]): Outcome {
  if (samples.some(({ requests }) => requests === 0)) return { unavailable: 'no answer in a round' };
  return { values: samples.map(({ requests, cpuSeconds }) => requests / cpuSeconds) };
}
