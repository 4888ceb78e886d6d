import sanitizeHtml, { type Attributes, type Tag } from 'sanitize-html';
import { LINK_RELATION } from './link-relation.ts';

/** Of ids and of links to them, so that none is one of the page's own. */
const ID_PREFIX = 'readme-';
const HIGHEST_HEADING = 3;
const MAX_NESTING = 100;

const TAGS = `
  h1 h2 h3 h4 h5 h6 p div blockquote pre hr br center address figure figcaption aside details summary
  ul ol li dl dt dd table caption thead tbody tfoot tr th td
  a span b strong i em u s del ins strike sub sup small big code kbd samp tt var
  q cite dfn abbr mark bdi bdo time wbr ruby rt rp`;

/** Removed with all that stands in them; of others that are not allowed the text stays. */
const REMOVED = `
  script style textarea option select svg math iframe object embed template noscript noembed noframes
  xmp plaintext title head audio video canvas`;

/**
 * Takes out of HTML everything that could run, load, imitate or leave this page. What stays: text, lists, tables, code, and
 * links by http, https and mailto. Pictures become labels that say where they lie, headings stand below those of the page.
 */
export function sanitizeDescription(html: string): string {
  const headings = new Headings();
  let linksAround = 0;
  return sanitizeHtml(html, {
    allowedTags: wordsOf(TAGS),
    nonTextTags: wordsOf(REMOVED),
    disallowedTagsMode: 'discard',
    nestingLimit: MAX_NESTING,
    allowedAttributes: {
      '*': ['id', 'class', 'title', 'lang', 'dir'],
      a: ['href', 'rel'],
      pre: ['tabindex'],
      table: ['tabindex'],
      details: ['open'],
      ol: ['start', 'reversed', 'type'],
      li: ['value'],
      th: ['colspan', 'rowspan', 'scope'],
      td: ['colspan', 'rowspan'],
      time: ['datetime'],
    },
    allowedClasses: {
      '*': ['readme-left', 'readme-center', 'readme-right', 'readme-image', 'readme-admonition'],
      code: [/^language-[\w+#.-]{1,30}$/],
    },
    allowedSchemes: ['http', 'https', 'mailto'],
    allowProtocolRelative: false,
    parseStyleAttributes: false,
    onOpenTag: (name) => {
      if (name === 'a') linksAround += 1;
    },
    onCloseTag: (name) => {
      if (name === 'a') linksAround -= 1;
    },
    transformTags: {
      '*': (tagName, attributes) => ({ tagName, attribs: safeAttributes(attributes) }),
      ...Object.fromEntries(
        ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((name) => [
          name,
          (tagName: string, attribs: Attributes): Tag => ({ tagName: headings.open(tagName), attribs }),
        ]),
      ),
      center: (_, attribs) => ({ tagName: 'div', attribs: { ...attribs, align: 'center' } }),
      a: (tagName, attribs) => ({ tagName, attribs: linkAttributes(attribs) }),
      // They scroll in themselves, and so by keyboard, too.
      pre: (tagName, attribs) => ({ tagName, attribs: { ...attribs, tabindex: '0' } }),
      table: (tagName, attribs) => ({ tagName, attribs: { ...attribs, tabindex: '0' } }),
      img: (_, attribs) => imageLabel(attribs, linksAround > 0),
    },
  });
}

/** Levels without gaps below the headings of the page, whatever the levels of the description begin with. */
class Headings {
  readonly #above: number[] = [];

  open(tagName: string): string {
    const level = Number(tagName.slice(1));
    while ((this.#above.at(-1) ?? 0) >= level) this.#above.pop();
    this.#above.push(level);
    return `h${Math.min(HIGHEST_HEADING - 1 + this.#above.length, 6)}`;
  }
}

/** Alignment as a class, as our policy refuses styles; ids with our prefix. */
function safeAttributes({ align, style, id, name, ...others }: Attributes): Attributes {
  const side =
    /^(left|center|right)$/i.exec(align ?? '') ?? /^\s*text-align:\s*(left|center|right)/i.exec(style ?? '');
  const aligned = side?.[1] === undefined ? [] : [`readme-${side[1].toLowerCase()}`];
  const classes = [...(others['class'] === undefined ? [] : [others['class']]), ...aligned];
  const target = id || name;
  return {
    ...others,
    ...(classes.length > 0 && { class: classes.join(' ') }),
    ...(target && { id: ID_PREFIX + target.replace(/\s/g, '-') }),
  };
}

/** Addresses outside, and places in the description itself; what is relative to a repository leads nowhere. */
function linkAttributes(attributes: Attributes): Attributes {
  const address = attributes['href']?.trim() ?? '';
  const others = Object.fromEntries(
    Object.entries(attributes).filter(([name]) => !['href', 'rel'].includes(name)),
  );
  if (/^#./.test(address)) return { ...others, href: `#${ID_PREFIX}${address.slice(1)}` };
  if (!/^(?:https?:\/\/|mailto:)./i.test(address)) return others;
  return { ...others, href: address, rel: LINK_RELATION };
}

function imageLabel({ src = '', alt = '', align }: Attributes, isInLink: boolean): Tag {
  const url = URL.canParse(src) ? new URL(src) : undefined;
  const isAddress = url?.protocol === 'https:' || url?.protocol === 'http:';
  const text = [`image not loaded${isAddress ? `: ${url.host}` : ''}`, alt.trim()].filter(
    (part) => part !== '',
  );
  const attribs = { class: 'readme-image', ...(align !== undefined && { align }) };
  if (!isAddress || isInLink) return { tagName: 'span', attribs, text: text.join(', ') };
  return { tagName: 'a', attribs: { ...attribs, href: url.href, rel: LINK_RELATION }, text: text.join(', ') };
}

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/);
}
