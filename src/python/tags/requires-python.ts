import { parseSpecifier } from '../names/specifier.ts';
import { finalVersionKey } from '../names/version-key.ts';
import { pythonOf, type Target } from './target.ts';

/** More than any CPython 3.x has had. */
const MOST_MICRO_RELEASES = 50;

/**
 * Whether a Requires-Python admits the Python of the target: one of its micro releases after the first. So `>=3.11.4` admits cp311,
 * whose builders may have it, and `<=3.11`, which to installers means 3.11.0 alone, does not. What is no specifier admits every Python, as pip
 * ignores it.
 */
export function admitsPython(requiresPython: string, target: Target): boolean {
  const specifier = parseSpecifier(requiresPython);
  if (specifier === undefined) return true;
  const { minor } = pythonOf(target);
  for (let micro = 1; micro <= MOST_MICRO_RELEASES; micro += 1) {
    if (specifier.admits(finalVersionKey([3, minor, micro]))) return true;
  }
  return false;
}
