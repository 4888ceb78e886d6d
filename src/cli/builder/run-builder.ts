import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUILDER_PROTOCOL, operations } from '#builds/contract';
import { AppError } from '#kernel/errors/app-error.ts';
import { WHEELHOUSE_VERSION } from '#kernel/version.ts';
import type { Client } from '../client/client.ts';
import { doLease, type DoLease } from './do-lease.ts';
import type { Python } from './find-pythons.ts';
import type { BuildLimits } from './limits.ts';

export interface RunBuilder {
  readonly client: Client;
  readonly name: string;
  readonly pythons: readonly Python[];
  readonly limits: BuildLimits;
  /** Where builds have their directories; made if it is not there. */
  readonly work: string;
  /** How many builds run at once. */
  readonly jobs: number;
  /** End when there is nothing to do, instead of waiting for more. */
  readonly once: boolean;
  readonly say: (line: string) => void;
  /** Aborted to take no more builds. */
  readonly draining: AbortSignal;
  /** Aborted to end at once; what is built goes back. */
  readonly stopping: AbortSignal;
}

/** What was done; `lost` went to other builders. */
export interface Done {
  readonly succeeded: number;
  readonly failed: number;
  readonly lost: number;
}

const IDLE_MS = 2000;
const AWAY_MS = 5000;

/**
 * Builds what the server has to do, until it is told to stop. A server that is away is waited for; throws when one refuses the builder, and
 * when this machine cannot build.
 */
export async function runBuilder(input: RunBuilder): Promise<Done> {
  const { client, name, pythons, say } = input;
  const session = randomUUID();
  const byTarget = new Map(pythons.map((python) => [`${python.tag}-${python.platform}`, python]));
  const targets = [...byTarget.keys()];
  const done = { succeeded: 0, failed: 0, lost: 0 };
  const broken = new AbortController();
  let told: string | undefined;
  const draining = AbortSignal.any([input.draining, broken.signal]);
  const register = async () => {
    const body = { name, version: WHEELHOUSE_VERSION, protocol: BUILDER_PROTOCOL, targets, session };
    await client.call(operations.registerBuilder, { body });
  };
  const pause = (ms: number) => sleep(ms, undefined, { signal: draining }).catch(() => undefined);

  /** The next build; undefined where there is none now, and `over` where no more are to be taken. */
  async function take(): Promise<DoLease['lease'] | 'over' | undefined> {
    try {
      const { lease, state, reason } = await client.call(operations.leaseBuild, {
        params: { name },
        body: { session },
      });
      if (lease !== null) return lease;
      if (reason !== undefined && reason !== told) say(`no builds for now: ${reason}`);
      told = reason;
      return state === 'draining' || input.once ? 'over' : undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // One that was away for long is forgotten.
      if (error.kind.status === 404) await register();
      else if (error.kind.status >= 500) say(`waiting for the server: ${error.message}`);
      else throw error;
      await pause(AWAY_MS);
      return undefined;
    }
  }

  async function work(slot: number): Promise<void> {
    while (!draining.aborted) {
      const lease = await take();
      if (lease === 'over') return;
      if (lease === undefined) {
        await pause(IDLE_MS);
        continue;
      }
      const { build, project, version, target } = lease;
      const python = byTarget.get(target);
      if (python === undefined) throw new Error(`the server gives builds for ${target}`);
      say(`build ${build}: ${project} ${version} for ${target}`);
      const directory = join(input.work, `build-${build}`);
      const { limits, stopping: signal } = input;
      const result = await doLease({ client, lease, python, limits, work: directory, slot, signal });
      done[result?.state ?? 'lost'] += 1;
      say(`build ${build}: ${outcomeOf(result)}`);
    }
  }

  await mkdir(input.work, { recursive: true, mode: 0o711 });
  await register();
  say(`${name} builds for ${targets.join(', ')}`);
  const working = Array.from({ length: input.jobs }, async (_none, slot) => {
    try {
      await work(slot);
    } catch (error) {
      broken.abort();
      if (!input.stopping.aborted) throw error;
    }
  });
  for (const each of await Promise.allSettled(working)) if (each.status === 'rejected') throw each.reason;
  return done;
}

function outcomeOf(result: Awaited<ReturnType<typeof doLease>>): string {
  if (result === undefined) return 'over; it was cancelled, or another builder has it';
  return result.state === 'succeeded'
    ? `${result.files.join(', ')} after ${Math.round(result.seconds)} s`
    : `${result.failure}: ${result.detail}`;
}
