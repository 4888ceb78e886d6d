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

const SITE_POLICY = [
  "default-src 'none'",
  ...['script-src', 'style-src', 'img-src', 'font-src', 'connect-src', 'form-action'].map(
    (name) => `${name} 'self'`,
  ),
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The headers of a page of the web interface, as flat pairs: everything from this server, nothing inline, no frames but, where it
 * says so, pages of this server that allow it.
 */
export function sitePolicy(outsideUrl: string, framesOwn = false): readonly string[] {
  const headers = outsideUrl.startsWith('https:') ? SECURE_HEADERS : SITE_HEADERS;
  return framesOwn ? headers.with(1, `${SITE_POLICY}; frame-src 'self'`) : headers;
}

const SITE_HEADERS: readonly string[] = [
  ['content-security-policy', SITE_POLICY],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  // Forms must say where they come from, which no-referrer would take away.
  ['referrer-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
].flat();

const SECURE_HEADERS: readonly string[] = [
  ...SITE_HEADERS,
  'strict-transport-security',
  'max-age=31536000',
  // Browsers complain about it where they do not heed it, which is over plain http.
  'cross-origin-opener-policy',
  'same-origin',
];
