/** `user/index/+f/aaa/bbbbbbbbbbbbb/name`: devpi's address of a file, made from its sha256 (devpi.md 1.10). */
export function filePath(
  index: { readonly user: string; readonly name: string },
  sha256: string,
  filename: string,
): string {
  return `${index.user}/${index.name}/+f/${sha256.slice(0, 3)}/${sha256.slice(3, 16)}/${filename}`;
}

/** The same, percent-encoded for a URL; without a leading slash. */
export function fileUrlPath(
  index: { readonly user: string; readonly name: string },
  sha256: string,
  filename: string,
): string {
  const directory = `${sha256.slice(0, 3)}/${sha256.slice(3, 16)}`;
  return `${encodePathSegment(index.user)}/${encodePathSegment(index.name)}/+f/${directory}/${encodePathSegment(filename)}`;
}

/** Percent-encodes what a path segment may not hold; `+` and `@` stay as they are, as devpi writes them (RFC 3986). */
export function encodePathSegment(text: string): string {
  return encodeURIComponent(text).replaceAll('%2B', '+').replaceAll('%40', '@');
}
