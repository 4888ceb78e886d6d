import { Parser, type Handler } from 'htmlparser2';

const PIECE = 16 * 1024;
/** Half a second. Lists of a million projects come to some millions. */
const MAX_COST = 500_000_000;

/**
 * Reads HTML of strangers piece by piece. What the parser does for each tag grows with the elements that are open, so that eight
 * mebibytes can be made to take a quarter of an hour: `write` throws `SyntaxError` where that is tried.
 */
export class HtmlReader {
  readonly #parser: Parser;
  #depth = 0;
  #cost = 0;

  constructor(handler: Partial<Pick<Handler, 'onopentag' | 'ontext' | 'onclosetag'>>) {
    this.#parser = new Parser({
      ...handler,
      onopentag: (...args) => {
        this.#depth += 1;
        handler.onopentag?.(...args);
      },
      onclosetag: (...args) => {
        this.#depth -= 1;
        handler.onclosetag?.(...args);
      },
    });
  }

  write(text: string): void {
    for (let at = 0; at < text.length; at += PIECE) {
      const piece = text.slice(at, at + PIECE);
      this.#parser.write(piece);
      this.#cost += this.#depth * (piece.split('<').length - 1);
      if (this.#cost > MAX_COST) throw new SyntaxError('its elements are nested without end');
    }
  }

  end(): void {
    this.#parser.end();
  }
}
