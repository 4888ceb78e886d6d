import type { Html } from './html.ts';

/** A page as its noun makes it; the layout adds what all pages have. */
export interface Page {
  /** From the thing outwards, such as `['demo 1.0', 'alice/dev']`; the name of the program follows. */
  readonly title: readonly string[];
  /** Which entry of the navigation is the current one. */
  readonly section?: string;
  readonly body: Html;
  /** 200 without it; 422 for a form that was refused. */
  readonly status?: number;
  /** Shows what nobody may see again, or a form for passwords: no cache keeps it, not even the browser's own. */
  readonly isSecret?: boolean;
}

/** Part of a page, for the scripts that put it in. */
export interface Fragment {
  readonly fragment: Html;
}

/** Sends the browser on, after a form: with GET, and without a second change when it is reloaded. */
export interface SeeOther {
  readonly seeOther: string;
  /** `Set-Cookie` headers. */
  readonly cookies?: readonly string[];
}

/** A message of a stream of server-sent events: HTML to put in, and where to go on after a lost connection. */
export interface StreamMessage {
  readonly id?: string;
  readonly html: Html;
}

/** Goes on until it ends or the reader leaves, which aborts the signal. It asks itself, each minute, whether it still may. */
export interface EventStream {
  stream(signal: AbortSignal): AsyncIterable<StreamMessage>;
}

export type PageAnswer = Page | Fragment | SeeOther | EventStream;
