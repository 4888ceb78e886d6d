/** True if `If-None-Match` holds the tag; comparison is weak, as RFC 9110 13.1.2 asks. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header === '*') return true;
  return header.includes(etag) && header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
