/** The address of an index, without a trailing slash. */
export function indexUrl(baseUrl: string, user: string, index: string): string {
  return `${baseUrl}/${encodeURIComponent(user)}/${encodeURIComponent(index)}`;
}
