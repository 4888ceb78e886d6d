import { environment } from '#kernel/config/environment.ts';
import { PYPI_URL } from '../../src/packages/indexes/create-root-pypi.ts';
import { openClientSession } from './client-session.ts';

/** The index that pip would ask on this machine, if it answers. */
export async function reachableIndex(): Promise<string | undefined> {
  await using session = await openClientSession();
  const env = { HOME: environment['HOME'], PIP_CONFIG_FILE: undefined };
  const { stdout, exitCode } = await session.run('pip', ['config', 'get', 'global.index-url'], { env });
  const configured = environment['PIP_INDEX_URL'] ?? (exitCode === 0 ? stdout.trim() : '');
  const url = configured === '' ? `${PYPI_URL}/simple/` : configured;
  const answer = await fetch(`${url.replace(/\/*$/, '/')}iniconfig/`, {
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  return answer?.ok === true ? url : undefined;
}
