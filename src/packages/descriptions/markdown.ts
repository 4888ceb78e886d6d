import MarkdownIt from 'markdown-it';
import { HeadingIds } from './heading-ids.ts';

const markdown = new MarkdownIt({ html: true, linkify: true });
// Otherwise `README.md` would be a link into Moldova.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
markdown.core.ruler.push('heading-ids', ({ tokens }) => {
  const ids = new HeadingIds();
  for (const [position, token] of tokens.entries()) {
    if (token.type !== 'heading_open') continue;
    const words = tokens[position + 1]?.children ?? [];
    token.attrSet('id', ids.idOf(words.map(({ content }) => content).join('')));
  }
});

/** CommonMark with the tables, strikethrough and addresses of GitHub's, as HTML that is not safe yet. */
export function renderMarkdown(text: string): string {
  return markdown.render(text);
}
