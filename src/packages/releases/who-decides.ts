import { state } from '#web/components/badge.ts';
import { table } from '#web/components/table.ts';
import { html, type Html } from '#web/html.ts';
import type { Explanation } from '../inheritance/explain.ts';

/** For each index, in the order in which they are asked, whether it counts for the project and by which rule. */
export function whoDecides(explanations: readonly Explanation[]): Html {
  return table({
    caption: 'Which index decides',
    columns: [
      { label: 'Index', cell: ({ index }: Explanation) => html`<a href="/${index}">${index}</a>` },
      { label: 'Standing', cell: standing },
      { label: 'Rule', cell: ({ rule }) => rule },
      { label: 'Files', cell: ({ files }) => (files === 0 ? '' : files), align: 'end', isMinor: true },
    ],
    rows: explanations,
    rowClass: ({ isVisible }) => (isVisible ? undefined : 'mute'),
  });
}

function standing({ isVisible, rule, type }: Explanation): Html {
  if (isVisible) return state('good', 'counts');
  if (rule.startsWith('not told')) return state('skipped', 'not told');
  if (rule.startsWith('not known')) return state('warning', 'no answer');
  return state('skipped', type === 'mirror' ? 'left out' : 'has none');
}
