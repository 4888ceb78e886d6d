import { formatBytes } from '../format-bytes.ts';

const BAR_WIDTH = 20;
const REDRAW_MS = 100;

/** One bar for each file that is being sent, below the lines that stay. */
export interface UploadBars {
  set(filename: string, done: number, total: number): void;
  remove(filename: string): void;
  /** Prints what stays: the bars make room for it. */
  print(write: () => void): void;
}

/** Bars on stderr where that is a terminal; nothing but the lines elsewhere. */
export function uploadBars(stream: NodeJS.WriteStream = process.stderr): UploadBars {
  if (!stream.isTTY) return { set() {}, remove() {}, print: (write) => write() };
  const bars = new Map<string, string>();
  let drawn = 0;
  let drawnAt = 0;
  function erase(): void {
    if (drawn > 0) stream.write(`\u001b[${drawn}A\r\u001b[J`);
    drawn = 0;
  }
  function draw(): void {
    erase();
    for (const [filename, bar] of bars) stream.write(`${line(filename, bar, stream.columns)}\n`);
    drawn = bars.size;
    drawnAt = Date.now();
  }
  return {
    set(filename, done, total) {
      const filled = total === 0 ? BAR_WIDTH : Math.floor((BAR_WIDTH * done) / total);
      const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
      bars.set(filename, `${bar} ${formatBytes(done)} of ${formatBytes(total)}`);
      if (Date.now() - drawnAt >= REDRAW_MS) draw();
    },
    remove(filename) {
      bars.delete(filename);
      // Those that are left are drawn with what is printed next.
      if (bars.size === 0) erase();
    },
    print(write) {
      erase();
      write();
      draw();
    },
  };
}

/** Never wider than the terminal, where it would wrap and could not be drawn over. */
function line(filename: string, bar: string, columns = 80): string {
  const room = columns - bar.length - 4;
  if (room < 10) return `  ${bar}`.slice(0, columns - 1);
  return `  ${filename.length > room ? `${filename.slice(0, room - 3)}...` : filename} ${bar}`;
}
