export type IndexType = 'stage' | 'mirror';
export type OptionValue = string | number | boolean | readonly string[] | unknown;
export type Options = Readonly<Record<string, OptionValue>>;

/** An index as stored. */
export interface Index {
  readonly id: number;
  readonly user: string;
  readonly name: string;
  readonly type: IndexType;
  readonly options: Options;
  /** Whether root chose the upstream of a mirror or the Jenkins of a stage, which may then be at a private address. */
  readonly isTrusted: boolean;
}

/** `user/name`. */
export function fullName(index: Pick<Index, 'user' | 'name'>): string {
  return `${index.user}/${index.name}`;
}

/** True if releases may be replaced and removed without force. */
export function isVolatile(index: Index): boolean {
  return index.options['volatile'] === true;
}

/** An option that is a list, empty where the index has none. */
export function listOption(index: Index, key: string): readonly string[] {
  const value = index.options[key];
  return Array.isArray(value) ? (value as string[]) : [];
}

/** True if what the index shows anybody may have put on a public one: a mirror, and a stage that joins mirrors. */
export function isPublic({ type, options }: Index): boolean {
  return type === 'mirror' || options['joins_mirrors'] === true;
}
