/** Why a test cannot run on this machine, or undefined when it can. */
export type Missing = string | undefined;

/**
 * What to give `it.skipIf`: true where something is missing, after saying what. In CI nothing may be missing: there
 * the test runs and fails.
 */
export function skipWithout(missing: Missing): boolean {
  if (missing === undefined) return false;
  if (process.env.CI === 'true') return false;
  console.warn(`skipped: ${missing}`);
  return true;
}
