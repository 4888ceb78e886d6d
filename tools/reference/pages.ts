import type { Part } from '#kernel/part.ts';
import { renderCli } from './cli.ts';
import { renderConfig } from './config.ts';
import { renderErrors } from './errors.ts';
import { renderEvents } from './events.ts';
import { renderHttp } from './http.ts';

/** Every generated page about these parts: its path from the root of the repository, and its text. */
export async function renderReference(parts: readonly Part[]): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/reference/config.md', await renderConfig(parts)],
    ['docs/reference/errors.md', renderErrors(parts)],
    ['docs/reference/events.md', renderEvents(parts)],
    ['docs/reference/http.md', renderHttp(parts)],
    ['docs/reference/cli.md', await renderCli()],
  ]);
}
