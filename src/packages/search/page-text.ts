import { Parser } from 'htmlparser2';

/** A page of documentation as it is read. */
export interface PageText {
  readonly title: string;
  readonly body: string;
}

const LEFT_OUT = new Set([
  'script',
  'style',
  'nav',
  'header',
  'footer',
  'aside',
  'svg',
  'noscript',
  'template',
  'button',
  'form',
]);
const MAIN = new Set(['main', 'article']);
/** The parser looks for each end tag among all elements that are open: the time grows with the depth. No page is nested so. */
const MAX_DEPTH = 256;
const PIECE = 16 * 1024;

/**
 * The title and the words of a page, those of its main part where it says which that is; without navigation, scripts and
 * the signs that Sphinx puts behind headings. At most `limit` characters; what follows an element that is nested absurdly deep is
 * left out.
 */
export function pageText(html: string, limit: number): PageText {
  let title = '';
  const [all, main]: [string[], string[]] = [[], []];
  let length = 0;
  const open: string[] = [];
  let [leftOut, inMain] = [0, 0];
  const isMain = (name: string, role: string | undefined) => MAIN.has(name) || role === 'main';
  const parser = new Parser({
    onopentag(name, { role, class: classes = '' }) {
      const skips = LEFT_OUT.has(name) || role === 'navigation' || classes.split(' ').includes('headerlink');
      open.push(skips ? 'skip' : isMain(name, role) ? 'main' : name);
      leftOut += Number(skips);
      inMain += Number(!skips && isMain(name, role));
    },
    ontext(text) {
      if (leftOut > 0 || length > limit) return;
      if (open.at(-1) === 'title' && !open.includes('body')) title += text;
      else {
        length += text.length;
        all.push(text);
        if (inMain > 0) main.push(text);
      }
    },
    onclosetag() {
      const closed = open.pop();
      if (closed === 'skip') leftOut -= 1;
      else if (closed === 'main') inMain -= 1;
    },
  });
  const isEnough = () => length > limit || open.length > MAX_DEPTH;
  for (let at = 0; at < html.length && !isEnough(); at += PIECE) parser.write(html.slice(at, at + PIECE));
  if (!isEnough()) parser.end();
  const body = (main.length > 0 ? main : all).join(' ');
  return { title: oneLine(title).slice(0, 300), body: oneLine(body).slice(0, limit) };
}

function oneLine(text: string): string {
  // PostgreSQL keeps no NUL.
  // oxlint-disable-next-line no-control-regex -- it is what this looks for
  return text.replace(/[\s\0]+/g, ' ').trim();
}
