/** What the rows of one digest say of its bytes. */
export interface ExpectedBytes {
  readonly sha256: string;
  /** Of a file that has them, for people. */
  readonly name: string;
  readonly size: number;
  /** The same as `size`, unless two rows contradict each other. */
  readonly largest: number;
}
