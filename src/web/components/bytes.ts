const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `3.5 MB`: thousands, as disks and download pages count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)}\u00a0${UNITS[unit]}`;
}
