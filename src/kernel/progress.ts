/** Tells the person who waits how far long work is; the caller decides where it is shown. */
export interface Progress {
  /** A new stage of the work begins. */
  step(name: string): void;
  /** One line of detail. */
  line(text: string): void;
  /** `total` is undefined while it is not known; `detail` says more about what is done, such as bytes. */
  count(done: number, total?: number, detail?: string): void;
}

export const silentProgress: Progress = { step() {}, line() {}, count() {} };

const REDRAW_MS = 100;
const BAR_WIDTH = 20;

/** Writes to stderr: a bar with a counter that redraws itself on a terminal, plain lines elsewhere. */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let current = '';
  let drawnAt = 0;
  const isTerminal = stream.isTTY === true;
  return {
    step(name) {
      current = name;
      stream.write(`${isTerminal ? '\r\u001b[K' : ''}${name}\n`);
    },
    line(text) {
      stream.write(`${isTerminal ? '\r\u001b[K' : ''}  ${text}\n`);
    },
    count(done, total, detail) {
      const isLast = done === total;
      if (!isTerminal || (!isLast && Date.now() - drawnAt < REDRAW_MS)) return;
      drawnAt = Date.now();
      const counted = total === undefined ? `${done}` : `${drawBar(done, total)} ${done} of ${total}`;
      const more = detail === undefined ? '' : `, ${detail}`;
      stream.write(`\r\u001b[K  ${current}: ${counted}${more}${isLast ? '\n' : ''}`);
    },
  };
}

function drawBar(done: number, total: number): string {
  const filled = total === 0 ? BAR_WIDTH : Math.floor((BAR_WIDTH * done) / total);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
}
