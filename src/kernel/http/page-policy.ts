import { createHash } from 'node:crypto';

/**
 * The headers of an HTML answer, as flat pairs: nothing runs, nothing is loaded, no form is sent, and nobody frames it
 * (CSP 3), except what is named here. Every page takes its policy from this function.
 *
 * @param styles the texts of the `style` elements of the page, exactly as they stand in it
 */
export function pagePolicy(styles: readonly string[] = []): readonly string[] {
  const hashes = styles.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  const policy = [
    "default-src 'none'",
    ...(hashes.length === 0 ? [] : [`style-src ${hashes.join(' ')}`]),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return [
    ['Content-Security-Policy', policy],
    ['X-Content-Type-Options', 'nosniff'],
    // For browsers that do not know frame-ancestors.
    ['X-Frame-Options', 'DENY'],
    // Private names stay here; with no-referrer, browsers would leave the origin out of our own forms, too.
    ['Referrer-Policy', 'same-origin'],
  ].flat();
}
