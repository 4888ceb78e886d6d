/** One acceptable type or coding with its weight. */
interface Range {
  readonly name: string;
  readonly weight: number;
}

/** Reads an `Accept`-like header (RFC 9110 12.4.2); entries with a weight that is no number are left out. */
export function parseWeighted(header: string): Range[] {
  return header
    .split(',')
    .slice(0, 50)
    .flatMap((entry) => {
      const [name = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      const weight = quality === undefined ? 1 : Number(quality.slice(2));
      return name === '' || !(weight >= 0 && weight <= 1) ? [] : [{ name, weight }];
    });
}

/** Weight that the header gives to a media type, the most specific entry deciding; 0 means refused. */
export function weightOf(ranges: readonly Range[], type: string): number {
  const [major] = type.split('/');
  for (const pattern of [type, `${major}/*`, '*/*']) {
    const range = ranges.find(({ name }) => name === pattern);
    if (range !== undefined) return range.weight;
  }
  return 0;
}

/** True if an entry names the type itself, not by a wildcard. */
export function isNamed(ranges: readonly Range[], type: string): boolean {
  return ranges.some(({ name, weight }) => name === type && weight > 0);
}

export type Coding = 'zstd' | 'gzip' | 'identity';

/** The best content coding of ours that `Accept-Encoding` allows: zstd, then gzip, then none. */
export function chooseCoding(header: string | undefined): Coding {
  if (header === undefined) return 'identity';
  const ranges = parseWeighted(header);
  const weight = (coding: string) =>
    ranges.find(({ name }) => name === coding)?.weight ??
    ranges.find(({ name }) => name === '*')?.weight ??
    0;
  if (weight('zstd') > 0 && weight('zstd') >= weight('gzip')) return 'zstd';
  return weight('gzip') > 0 ? 'gzip' : 'identity';
}

/** True if an answer may come as gzip, whatever else is taken. */
export function takesGzip(header: string | undefined): boolean {
  return chooseCoding(header?.replaceAll(/\bzstd\b/gi, 'none')) === 'gzip';
}

/** True if the request prefers JSON to HTML, or names neither: programs send any-type or nothing. */
export function prefersJson(accept: string | undefined): boolean {
  const ranges = parseWeighted(accept ?? '*/*');
  const json = weightOf(ranges, 'application/json');
  const html = weightOf(ranges, 'text/html');
  return json > html || (json === html && !isNamed(ranges, 'text/html'));
}
