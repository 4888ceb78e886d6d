import { html, type Html } from '../html.ts';

/** How many lines one block has: browsers lay out only the blocks that are seen. */
const BLOCK_LINES = 200;

/** Lines of a log from number `first` on; each has an address, `#L184`. */
export function logLines(lines: readonly string[], first = 1): Html {
  const blocks: Html[] = [];
  for (let start = 0; start < lines.length; start += BLOCK_LINES) {
    const some = lines.slice(start, start + BLOCK_LINES);
    blocks.push(
      html`<pre class="log-block">${some.map((line, position) => {
        const number = first + start + position;
        return html`<a id="L${number}" href="#L${number}" aria-label="Line ${number}">${number}</a>${line}\n`;
      })}</pre>`,
    );
  }
  return html`${blocks}`;
}

/** A log that grows: scripts follow `stream`, an address of server-sent events, after the last line that is here. */
export function liveLog(options: {
  readonly label: string;
  readonly lines: readonly string[];
  readonly first?: number;
  /** Absent when the log has ended. */
  readonly stream?: string;
}): Html {
  const { label, lines, first = 1, stream } = options;
  return html`<div
    class="log"
    role="region"
    aria-label="${label}"
    tabindex="0"
    ${stream !== undefined && html` data-stream="${stream}" data-last="${first + lines.length - 1}"`}
  >
    ${logLines(lines, first)}
  </div>`;
}
