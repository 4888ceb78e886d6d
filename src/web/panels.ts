import type { StoredEvent } from '#kernel/events/event-type.ts';
import type { Identity } from '#kernel/identity.ts';
import type { IconName } from './components/icon.ts';
import type { State } from './components/badge.ts';
import type { Html } from './html.ts';

/** For whom a page is made. */
export interface Reader {
  readonly identity: Identity;
  /** The address that people reach this server by, without a slash at the end. */
  readonly outsideUrl: string;
}

/** Something that needs the reader, such as a token that ends. */
export interface Need {
  readonly state: State;
  /** What it is, in two words. */
  readonly word: string;
  readonly sentence: Html;
  readonly at?: number;
  /** Where something can be done about it. */
  readonly action: { readonly label: string; readonly href: string };
}

/** What a part shows on the home page; loaded at once with those of the other parts. */
export interface HomePanel {
  /** Part of the sentence on top, such as `3 indexes of yours`. */
  summary?(reader: Reader): Promise<string | undefined>;
  needs?(reader: Reader): Promise<readonly Need[]>;
  /** Sections of the main column, with their headings. */
  main?(reader: Reader): Promise<Html | undefined>;
  /** Buttons beside the heading. */
  actions?(reader: Reader): Promise<readonly Html[]>;
}

/** One thing that was found. */
export interface Finding {
  readonly href: string;
  /** The name, and what tells it from others. */
  readonly label: string;
  readonly place: string;
  readonly detail?: string;
  readonly summary?: string;
  readonly badge?: string;
  /** Where else the words stand. */
  readonly excerpts?: readonly { readonly label: string; readonly href?: string; readonly text: string }[];
}

export interface Findings {
  readonly total: number;
  /** False if there are more than are looked at. */
  readonly isComplete: boolean;
  readonly all: readonly Finding[];
}

/** Finds things of a part by what somebody types. */
export interface Finder {
  /** What it finds, as a heading. */
  readonly title: string;
  find(
    reader: Reader,
    query: { readonly text: string; readonly page: number; readonly limit: number },
  ): Promise<Findings>;
}

/** What a part shows of how it is; the worst state makes the sentence on top. */
export interface StatusPanel {
  readonly title: string;
  /** Undefined where there is nothing to tell of. */
  load(reader: Reader): Promise<
    | {
        readonly state: State;
        /** What is wrong; absent where nothing is. */
        readonly trouble?: string;
        readonly body: Html;
      }
    | undefined
  >;
}

/** How a part says what happened: behind the name of who did it. */
export type EventWords = (data: StoredEvent['data']) => { readonly icon: IconName; readonly words: Html };
