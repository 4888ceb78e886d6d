import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { trustedFetch, Unreachable } from '#kernel/http/trusted-fetch.ts';
import type { ListedFile } from './choose-files.ts';

/** Why a server did not give something, in its own words where it said some. */
export class Refusal extends Error {
  readonly isTransient: boolean;
  /** True if there was no answer at all. */
  readonly isUnreachable: boolean;
  /** What can be done about it. */
  readonly hint: string | undefined;

  constructor(
    reason: string,
    about: {
      readonly isTransient?: boolean;
      readonly isUnreachable?: boolean;
      readonly hint?: string | undefined;
    } = {},
  ) {
    super(reason);
    this.name = 'Refusal';
    this.isTransient = about.isTransient === true;
    this.isUnreachable = about.isUnreachable === true;
    this.hint = about.hint;
  }
}

export interface FetchedPage {
  /** The answer, byte for byte. */
  readonly body: Buffer;
  readonly files: readonly ListedFile[];
}

/** What the bytes must be, as far as it is known. */
export interface Expected {
  /** One of these; empty if the hash is not known. */
  readonly sha256: readonly string[];
  readonly size: number | undefined;
}

export interface Digest {
  readonly sha256: string;
  readonly size: number;
}

const PROBLEM = 'application/problem+json;q=0.5';
const SIMPLE_JSON = 'application/vnd.pypi.simple.v1+json';
const PAUSES_MS = [500, 2000, 5000];

const ProjectPage = z.looseObject({
  files: z.array(
    z.looseObject({
      filename: z.string(),
      url: z.string(),
      hashes: z.record(z.string(), z.string()),
      size: z.number().nullish(),
      'core-metadata': z
        .union([z.boolean(), z.looseObject({ sha256: z.string().optional() })])
        .nullish()
        .catch(undefined),
    }),
  ),
});

/** The page of a project; throws a `Refusal`. */
export async function fetchPage(indexUrl: string, project: string): Promise<FetchedPage> {
  const url = `${indexUrl}/+simple/${encodeURIComponent(project)}/`;
  return await retrying(async () => {
    const response = await get(url, { accept: `${SIMPLE_JSON}, ${PROBLEM}` });
    const body = await read(response, async () => Buffer.from(await response.arrayBuffer()));
    const page = ProjectPage.safeParse(parseJson(body));
    if (!page.success) throw new Refusal('the answer is no page of the simple API');
    const files = page.data.files.flatMap((file) => {
      const address = URL.parse(file.url, response.url);
      if (address === null) return [];
      return {
        filename: file.filename,
        url: address.href.replace(/#.*$/, ''),
        sha256: file.hashes['sha256']?.toLowerCase(),
        size: file.size ?? undefined,
        metadata: readMetadata(file['core-metadata']),
      };
    });
    return { body, files };
  });
}

function readMetadata(
  value: boolean | { readonly sha256?: string | undefined } | null | undefined,
): string | true | undefined {
  if (typeof value !== 'object' || value === null) return value === true || undefined;
  return value.sha256?.toLowerCase() ?? true;
}

/**
 * Reads a file and compares it with what it must be; goes on where the connection broke. The bytes go to `sink`, which
 * must not believe them before this resolves. Throws a `Refusal`.
 */
export async function download(
  url: string,
  { sha256: allowed, size }: Expected,
  sink: (chunk: Uint8Array) => void | Promise<void>,
): Promise<Digest> {
  const hash = createHash('sha256');
  let received = 0;
  await retrying(async () => {
    // What was received without a hash to compare cannot be put together from two answers.
    if (received > 0 && allowed.length === 0) throw new Refusal('the connection broke');
    const response = await get(url, {
      accept: `application/octet-stream, */*;q=0.8, ${PROBLEM}`,
      ...(received > 0 && { range: `bytes=${received}-` }),
    });
    let known = response.status === 206 ? 0 : received;
    await read(response, async () => {
      for await (const chunk of response.body ?? []) {
        const fresh = (chunk as Uint8Array).subarray(known);
        known -= chunk.byteLength - fresh.byteLength;
        received += fresh.byteLength;
        if (size !== undefined && received > size) throw new Refusal(`is longer than ${size} bytes`);
        hash.update(fresh);
        await sink(fresh);
      }
    });
    if (size !== undefined && received < size) {
      throw new Refusal(`ended after ${received} of ${size} bytes`, { isTransient: true });
    }
  });
  const sha256 = hash.digest('hex');
  if (allowed.length > 0 && !allowed.includes(sha256)) {
    const wanted = allowed.length === 1 ? `not ${allowed[0]}` : 'which the lock file does not allow';
    throw new Refusal(`has the sha256 ${sha256}, ${wanted}`);
  }
  return { sha256, size: received };
}

async function retrying<Result>(run: () => Promise<Result>): Promise<Result> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Refusal && error.isTransient)) throw error;
      await sleep(pauseMs);
    }
  }
  return await run();
}

async function get(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const response = await trustedFetch(url, { headers }).catch((error: unknown) => {
    if (error instanceof Unreachable) throw refusalOf(error);
    throw error;
  });
  if (response.ok) return response;
  const text = await response.text().catch(() => '');
  const problem = parseJson(Buffer.from(text)) as
    | { readonly detail?: unknown; readonly code?: unknown }
    | undefined;
  const words = typeof problem?.detail === 'string' ? problem.detail : response.statusText;
  // Asking again does not bring a server on line.
  const isTransient =
    [429, 500, 502, 503, 504].includes(response.status) && !/offline/.test(String(problem?.code));
  throw new Refusal(`${response.status} ${words}`.trim(), { isTransient });
}

/** A connection that breaks while the body is read is worth another try. */
async function read<Result>(response: Response, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refusal(`the connection to ${new URL(response.url).host} broke`, { isTransient: true });
  }
}

function refusalOf({ message, hint, code = '' }: Unreachable): Refusal {
  const isTransient = hint === undefined && !['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(code);
  return new Refusal(message, { isTransient, isUnreachable: true, hint });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
