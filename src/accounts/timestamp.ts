/** `YYYY-MM-DDTHH:MM:SSZ`, as devpi writes times. */
export function timestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
