import { isNamed, parseWeighted, weightOf } from '#kernel/http/accept.ts';

export type PageType =
  | 'application/vnd.pypi.simple.v1+json'
  | 'application/vnd.pypi.simple.v1+html'
  | 'text/html'
  | 'application/json';

/** In the order that decides between equal weights (reference packaging.md 1.4). */
const OFFERS: readonly PageType[] = [
  'application/vnd.pypi.simple.v1+json',
  'application/vnd.pypi.simple.v1+html',
  'text/html',
  'application/json',
];

/**
 * The content type that `Accept` asks for, or undefined for 406 (PEP 691). `latest` names stand for `v1`. A header
 * that names none of our types but lets anything pass gets text/html, as PyPI answers scripts and browsers. Plain JSON is the same JSON, for those who ask for it by name.
 */
export function choosePageType(accept: string | undefined): PageType | undefined {
  const header = (accept ?? '*/*').replaceAll('vnd.pypi.simple.latest+', 'vnd.pypi.simple.v1+');
  const ranges = parseWeighted(header);
  const weighted = OFFERS.map((type) => ({
    type,
    weight: weightOf(ranges, type),
    named: isNamed(ranges, type),
  }))
    .filter(({ type, weight, named }) => weight > 0 && (named || type !== 'application/json'))
    .sort((a, b) => b.weight - a.weight || Number(b.named) - Number(a.named));
  const best = weighted[0];
  if (best === undefined) return undefined;
  return best.named ? best.type : (weighted.find(({ type }) => type === 'text/html')?.type ?? best.type);
}

/** True if the request names one of the PEP 691 types: then `/USER/INDEX` is meant as a simple index. */
export function asksForSimple(accept: string | undefined): boolean {
  return /application\/vnd\.pypi\.simple\./i.test(accept ?? '');
}
