import { copyable } from '#web/components/copyable.ts';
import { choices } from '#web/components/tabs.ts';
import { html, type Html } from '#web/html.ts';
import { useLines, type UsedIndex } from '../overview/use-lines.ts';
import { indexHref } from './project-header.ts';
import type { ShownFile } from './read-release.ts';

/** What somebody types to install, for each tool, and how the tool learns of the index. */
export function installLines(used: UsedIndex, pinned?: readonly ShownFile[]): Html {
  const lines = useLines(used).flatMap(({ tool, steps }) => {
    const line = steps.find(({ text }) => text.endsWith(` ${used.project}`));
    return line === undefined ? [] : [{ label: tool, body: copyable(line.text, `the line for ${tool}`) }];
  });
  const hashes = pinned === undefined ? undefined : hashPinned(used.project, pinned);
  return html`<section>
    <h2 class="hidden">Install</h2>
    ${choices('tool', 'Tool', [
      ...lines,
      ...(hashes === undefined
        ? []
        : [{ label: 'hash-pinned', body: copyable(hashes, 'the line of a requirements file') }]),
    ])}
    <p class="mute"><a href="${indexHref(used)}/+use">Use ${used.user}/${used.name} always</a></p>
  </section>`;
}

const MAX_HASHES = 200;

/** The entry of a requirements file that allows these files only; undefined where a hash is not known. */
export function hashPinned(requirement: string, files: readonly ShownFile[]): string | undefined {
  const hashes = files.map(({ hashes: { sha256 } }) => sha256);
  if (hashes.length === 0 || hashes.length > MAX_HASHES || hashes.includes(undefined)) return undefined;
  return [requirement, ...hashes.map((hash) => `    --hash=sha256:${hash}`)].join(' \\\n');
}
