interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** One `machine` of a netrc file, or its `default`. */
interface Machine {
  /** Undefined for `default`. */
  readonly host: string | undefined;
  readonly login: string | undefined;
  readonly password: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** Who shows an API token, so that it is known which entries are of `use --set-cfg`. */
const TOKEN_USER = '__token__';
const TOKEN_BEGINNING = 'wh_';

/** What a netrc file has for a host: nothing, an API token, or what somebody wrote there. */
export function readNetrc(text: string, host: string): 'nothing' | 'token' | 'other' {
  const found = machinesOf(text).find((machine) => machine.host === host);
  if (found === undefined) return 'nothing';
  return isToken(found) ? 'token' : 'other';
}

/** Adds the API token for a host, in place of an earlier one; everything else stays. */
export function setNetrc(text: string, host: string, token: string): string {
  const rest = removeNetrc(text, host);
  const line = `machine ${host} login ${TOKEN_USER} password ${token}\n`;
  // Programs stop at `default`.
  const last = machinesOf(rest).find((machine) => machine.host === undefined);
  if (last !== undefined) return `${rest.slice(0, last.start)}${line}${rest.slice(last.start)}`;
  return `${rest}${rest === '' || rest.endsWith('\n') ? '' : '\n'}${line}`;
}

/** Takes the API tokens for a host away; entries that somebody wrote stay. */
export function removeNetrc(text: string, host: string): string {
  return machinesOf(text)
    .filter((machine) => machine.host === host && isToken(machine))
    .toReversed()
    .reduce((rest, { start, end }) => {
      const after = rest.slice(end).replace(/^[^\S\n]*\n/, '');
      return rest.slice(0, start) + after;
    }, text);
}

function isToken({ login, password }: Machine): boolean {
  return login === TOKEN_USER && password?.startsWith(TOKEN_BEGINNING) === true;
}

function machinesOf(text: string): readonly Machine[] {
  const tokens = tokensOf(text);
  const machines: Machine[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const first = tokens[at];
    if (first === undefined || (first.text !== 'machine' && first.text !== 'default')) continue;
    const host = first.text === 'machine' ? tokens[(at += 1)]?.text : undefined;
    const fields: Record<string, string | undefined> = {};
    let last = tokens[at] ?? first;
    while (/^(?:login|user|account|password)$/.test(tokens[at + 1]?.text ?? '')) {
      const name = tokens[at + 1]?.text ?? '';
      fields[name] = tokens[at + 2]?.text;
      last = tokens[at + 2] ?? last;
      at += 2;
    }
    const login = fields['login'] ?? fields['user'];
    machines.push({ host, login, password: fields['password'], start: first.start, end: last.end });
  }
  return machines;
}

/** Words between white space or in quotes; comments and macros are none. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = /macdef\s[\s\S]*?(?:\n\s*\n|$)|#[^\n]*|"(?:[^"\\]|\\.)*"|\S+/g;
  for (const match of text.matchAll(pattern)) {
    const [word] = match;
    if (/^macdef\s|^#/.test(word)) continue;
    tokens.push({
      text: word.replace(/^"(.*)"$/s, '$1'),
      start: match.index,
      end: match.index + word.length,
    });
  }
  return tokens;
}
