/** A condition on where something is installed (PEP 508). */
export type Marker =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Marker[] }
  | {
      readonly kind: 'compare';
      readonly variable: string;
      readonly operator: string;
      readonly value: string;
    };

const TOKEN =
  /\s*(?:(\()|(\))|"([^"]{0,500})"|'([^']{0,500})'|(===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b)|(and|or)\b|([a-z_][a-z0-9_.]{0,60}))/y;
const MAX_TOKENS = 500;
const MAX_DEPTH = 20;
const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

type Token =
  | { readonly is: '(' | ')' | 'and' | 'or' }
  | { readonly is: 'operator' | 'text' | 'variable'; readonly text: string };

/** Reads a marker; undefined for what is none. */
export function parseMarker(text: string): Marker | undefined {
  const tokens = tokenize(text);
  if (tokens === undefined) return undefined;
  let position = 0;
  const next = () => tokens[position]?.is;

  function any(depth: number): Marker | undefined {
    return list('or', () => list('and', () => one(depth)));
  }

  function list(kind: 'and' | 'or', read: () => Marker | undefined): Marker | undefined {
    const all: Marker[] = [];
    do {
      if (all.length > 0) position += 1;
      const marker = read();
      if (marker === undefined) return undefined;
      all.push(marker);
    } while (next() === kind);
    return all.length === 1 ? all[0] : { kind, of: all };
  }

  function one(depth: number): Marker | undefined {
    if (next() === '(') {
      position += 1;
      const inner = depth < MAX_DEPTH ? any(depth + 1) : undefined;
      return next() === ')' && (position += 1) > 0 ? inner : undefined;
    }
    const [left, operator, right] = (tokens ?? []).slice(position, position + 3);
    position += 3;
    return operator?.is === 'operator' ? compare(left, operator.text, right) : undefined;
  }

  const marker = any(0);
  return position === tokens.length ? marker : undefined;
}

function compare(left: Token | undefined, operator: string, right: Token | undefined): Marker | undefined {
  if (left?.is === 'variable' && right?.is === 'text')
    return { kind: 'compare', variable: left.text, operator, value: right.text };
  if (left?.is === 'text' && right?.is === 'variable') {
    const turned = MIRRORED[operator] ?? operator;
    return { kind: 'compare', variable: right.text, operator: turned, value: left.text };
  }
  return undefined;
}

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const source = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const match = TOKEN.exec(source);
    if (match === null || tokens.length >= MAX_TOKENS) return undefined;
    const [, open, close, double, single, operator, junction, variable] = match;
    if (open !== undefined) tokens.push({ is: '(' });
    else if (close !== undefined) tokens.push({ is: ')' });
    else if (junction !== undefined) tokens.push({ is: junction as 'and' | 'or' });
    else if (operator !== undefined) tokens.push({ is: 'operator', text: operator.replace(/\s+/, ' ') });
    else if (variable !== undefined) tokens.push({ is: 'variable', text: variable });
    else tokens.push({ is: 'text', text: double ?? single ?? '' });
  }
  return tokens;
}
