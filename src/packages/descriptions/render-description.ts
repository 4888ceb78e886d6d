import { showBidiControls } from './bidi-controls.ts';
import { highlightBlocks } from './highlight-blocks.ts';
import { renderMarkdown } from './markdown.ts';
import { renderPlainText } from './plain-text.ts';
import { CompilerMissing, renderRestructuredText } from './restructured-text.ts';
import { sanitizeDescription } from './sanitize-description.ts';

/** HTML that is larger is not shown: a short text can say the same long thing very often. */
const MAX_HTML_LENGTH = 4 * 1024 ** 2;

/**
 * The HTML of a project description: nothing in it runs or loads anything, whatever the description is. Without a content
 * type it is reStructuredText, which is the rule of the core metadata specification, or else text.
 */
export function renderDescription(text: string, contentType: string): string {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'text/markdown') return tryToRender(renderMarkdown, text, 'it is not readable as Markdown');
  if (type === 'text/x-rst')
    return tryToRender(renderRestructuredText, text, 'it is not readable as reStructuredText');
  if (type === '')
    return tryToRender(renderRestructuredText, text, 'its type is not given, and it is no reStructuredText');
  return renderPlainText(text);
}

function tryToRender(render: (text: string) => string, text: string, problem: string): string {
  try {
    const html = highlightBlocks(sanitizeDescription(render(text)));
    if (html.length <= MAX_HTML_LENGTH) return showBidiControls(html);
    return renderPlainText(text, 'rendered it would be too long');
  } catch (error) {
    if (error instanceof CompilerMissing) return renderPlainText(text, error.message);
    // Parsers throw many things at texts that they cannot read; what takes all memory ends the thread instead.
    return renderPlainText(text, problem);
  }
}
