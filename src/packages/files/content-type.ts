/** By ending, as browsers and proxies understand it; never a content coding, the archive is the file. */
export function contentTypeOf(filename: string): string {
  if (/\.(?:whl|zip|egg)$/.test(filename)) return 'application/zip';
  if (/\.(?:tar\.gz|tgz)$/.test(filename)) return 'application/gzip';
  return 'application/octet-stream';
}
