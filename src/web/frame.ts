import type { Identity } from '#kernel/identity.ts';

/** An entry of the navigation, which a part adds when it opens. */
export interface NavigationEntry {
  /** What pages name as their section. */
  readonly section: string;
  readonly label: string;
  readonly href: string;
  /** Without it the entry is for everybody. */
  isFor?(reader: Identity): boolean;
}

/** What the layout needs to know beside the page. */
export interface Frame {
  /** Who looks; undefined for strangers. */
  readonly reader: string | undefined;
  readonly navigation: readonly NavigationEntry[];
  /** As the reader has chosen; without it the system's. */
  readonly theme: 'light' | 'dark' | undefined;
  /** What a proxy publishes the server below, such as `/python`; empty at the root. Pages themselves need not know it. */
  readonly outsidePath: string;
  /** Path and query of this page: where a login comes back to. */
  readonly here: string;
  /** The address of a static file. */
  asset(name: string): string;
}
