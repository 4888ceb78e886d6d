import { operations } from '#packages/contract';
import type { Client } from './client/client.ts';
import { pythonText } from './python-text.ts';
import { printJson } from './print-json.ts';

export interface ShownIndex {
  readonly client: Client;
  readonly user: string;
  readonly index: string;
  readonly url: string;
}

const FIRST = ['type', 'bases', 'volatile', 'acl_upload'];

/** Prints the options of an index as devpi-client does, `address` above them; its projects are not asked for. */
export async function showIndex(
  { client, user, index }: ShownIndex,
  { address, json }: { readonly address: string; readonly json: boolean },
): Promise<void> {
  const query = { no_projects: '' };
  const { result } = await client.call(operations.readIndex, { params: { user, index }, query });
  if (json) printJson(result);
  else process.stdout.write(`${address}:\n${describeOptions(result)}`);
}

function describeOptions(options: Readonly<Record<string, unknown>>): string {
  const others = Object.keys(options).filter((key) => !FIRST.includes(key) && key !== 'projects');
  return [...FIRST, ...others.toSorted()]
    .filter((key) => key in options)
    .map((key) => `  ${key}=${pythonText(options[key])}\n`)
    .join('');
}
