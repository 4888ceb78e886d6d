// Says how long ago a moment was; the date stays in the title.
const units = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [86_400, 3600, 'h'],
  [86_400 * 45, 86_400, 'd'],
  [86_400 * 365, 86_400 * 30, 'mo'],
  [Number.POSITIVE_INFINITY, 86_400 * 365, 'y'],
] as const;

function showTimes(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>('time[data-relative]')) {
    const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
    element.title = element.dateTime.replace('T', ' ').replace('Z', ' UTC');
    const past = Math.abs(seconds);
    const [, size, unit] = units.find(([limit]) => past < limit) ?? units[5];
    const words = past < 5 ? 'now' : `${Math.floor(past / size)}\u202f${unit}`;
    element.textContent = seconds < -5 ? `in ${words}` : words;
  }
}

showTimes(document);
setInterval(() => showTimes(document), 30_000);
document.addEventListener('swapped', (event) => showTimes(event.target as Element));
