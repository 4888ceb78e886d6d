/** A line that a document shows, or what stands in its place today. */
export type Line =
  | string
  | {
      readonly shown: string;
      /** A pattern of the line that is printed today; undefined if there is none. */
      readonly today: RegExp | undefined;
      readonly reason: string;
    };

/** A command of a document, and what it shows that the command prints. */
export interface Step {
  readonly command: string;
  readonly exitCode?: number;
  /** Why it does not exit with 0. */
  readonly exitReason?: string;
  /** All that is printed; nothing is compared where the document shows nothing. */
  readonly prints?: readonly Line[];
  /** Why lines may be printed that the document does not show, before, between and behind those that it does. */
  readonly more?: string;
  /** Why the command is not run. */
  readonly left?: string;
}
