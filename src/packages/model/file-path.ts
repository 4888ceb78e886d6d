/** `+f/aaa/bbbbbbbbbbbbb/name`: where an index serves a file with this hash, sha256 for all but some of upstream (devpi.md 1.10). */
export function fileRelpath(digest: string, filename: string): string {
  return `+f/${digest.slice(0, 3)}/${digest.slice(3, 16)}/${filename}`;
}

/** devpi's address of a file, below the server. */
export function filePath(
  index: { readonly user: string; readonly name: string },
  sha256: string,
  filename: string,
): string {
  return `${index.user}/${index.name}/${fileRelpath(sha256, filename)}`;
}

/** The same, percent-encoded for a URL; without a leading slash. */
export function fileUrlPath(
  index: { readonly user: string; readonly name: string },
  sha256: string,
  filename: string,
): string {
  return `${encodePathSegment(index.user)}/${encodePathSegment(index.name)}/${fileRelpath(sha256, encodePathSegment(filename))}`;
}

/** Percent-encodes what a path segment may not hold; `+` and `@` stay as they are, as devpi writes them (RFC 3986). */
export function encodePathSegment(text: string): string {
  return encodeURIComponent(text).replaceAll('%2B', '+').replaceAll('%40', '@');
}
