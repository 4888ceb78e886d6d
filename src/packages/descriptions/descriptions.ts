import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { Context } from '#kernel/context.ts';
import { SingleFlight } from '#kernel/single-flight.ts';
import { packagesConfig } from '../settings.ts';
import { keyOf, type DescriptionSource } from './description-source.ts';
import { renderPlainText } from './plain-text.ts';
import { RenderingThread } from './rendering-thread.ts';
import { findDescription, forgetUnused, keepDescription, markUsed } from './store.ts';

/** How long a page waits for its description. */
const PATIENCE_MS = 300;
const DAY_MS = 24 * 60 * 60 * 1000;
const KEPT_DAYS = 30;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** The descriptions of releases as HTML, each rendered once and kept as long as somebody looks at it. */
export class Descriptions {
  readonly #context: Pick<Context, 'db' | 'clock' | 'config' | 'log'>;
  readonly #thread: RenderingThread;
  readonly #rendering = new SingleFlight<string>();

  constructor(
    context: Pick<Context, 'db' | 'clock' | 'config' | 'log'>,
    thread: RenderingThread = new RenderingThread(),
  ) {
    this.#context = context;
    this.#thread = thread;
  }

  /** HTML for a page, which may be trusted; the text, with `isReady` false, if the HTML is not there in time. */
  async show(source: DescriptionSource): Promise<{ readonly html: string; readonly isReady: boolean }> {
    const rendered = this.make(source).catch((error: unknown) => {
      this.#context.log.warn({ err: error }, 'a description was not rendered');
      return undefined;
    });
    const html = await Promise.race([rendered, wait(PATIENCE_MS, undefined, { ref: false })]);
    if (html !== undefined) return { html, isReady: true };
    return { html: this.#asText(source, 'it is being rendered; the next visit shows it'), isReady: false };
  }

  /** The same, however long it takes; throws if it cannot be rendered now. */
  async make(source: DescriptionSource): Promise<string> {
    if (source.text.trim() === '') return '';
    const key = keyOf(source);
    return (await this.#find(key)) ?? (await this.#rendering.run(key, () => this.#render(key, source)));
  }

  /** Forgets those that nobody has looked at for a month. */
  async forgetUnused(): Promise<void> {
    await forgetUnused(this.#context.db, this.#context.clock.now() - KEPT_DAYS * DAY_MS);
  }

  async close(): Promise<void> {
    await this.#thread.close();
    await this.#rendering.settle();
  }

  async #find(key: string): Promise<string | undefined> {
    const { db, clock } = this.#context;
    const kept = await findDescription(db, key);
    if (kept === undefined) return undefined;
    if (kept.usedAt < clock.now() - DAY_MS) await markUsed(db, key, clock.now());
    return (await decompress(kept.html)).toString();
  }

  async #render(key: string, source: DescriptionSource): Promise<string> {
    const { db, clock } = this.#context;
    const html =
      Buffer.byteLength(source.text) > this.#maxBytes
        ? this.#asText(source, 'it is too long to be rendered')
        : ((await this.#thread.render(source)) ?? this.#asText(source, 'it takes too much to render'));
    await keepDescription(db, key, { html: await compress(html), usedAt: clock.now() });
    return html;
  }

  get #maxBytes(): number {
    return packagesConfig(this.#context.config)['packages.description-bytes'];
  }

  /** Of a long text the beginning: a page of megabytes helps nobody. */
  #asText({ text }: DescriptionSource, why: string): string {
    const shown = text.slice(0, this.#maxBytes);
    return renderPlainText(shown, shown === text ? why : `${why}, and only its beginning`);
  }
}
