import { renderCli } from './cli.ts';
import { renderConfig } from './config.ts';
import { renderErrors } from './errors.ts';
import { renderEvents } from './events.ts';
import { renderHttp } from './http.ts';

/** Every generated page: its path from the root of the repository, and its text. */
export async function renderReference(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/reference/config.md', await renderConfig()],
    ['docs/reference/errors.md', renderErrors()],
    ['docs/reference/events.md', renderEvents()],
    ['docs/reference/http.md', renderHttp()],
    ['docs/reference/cli.md', await renderCli()],
  ]);
}
