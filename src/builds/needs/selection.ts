import { canonicalVersion } from '#python/names/same-version.ts';
import type { BuildSelection } from './need.ts';

/** Tells whether a version (`canonicalVersion`) and target are among those selected. */
export function selectionTest(
  selections: readonly BuildSelection[],
): (canonical: string, target: string) => boolean {
  const selected = new Set(
    selections.map(({ version, target = '' }) =>
      pair(version === undefined ? '' : canonicalVersion(version), target),
    ),
  );
  return (canonical, target) =>
    selected.size > 0 &&
    [pair('', ''), pair(canonical, ''), pair('', target), pair(canonical, target)].some((key) =>
      selected.has(key),
    );
}

function pair(canonical: string, target: string): string {
  return `${canonical} ${target}`;
}
