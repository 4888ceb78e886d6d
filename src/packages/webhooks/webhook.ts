/** Who is told of events: an address of somebody, or the Jenkins that an option of an index names. */
export interface Webhook {
  readonly id: string;
  /** Undefined: it is told of the events of the whole server. */
  readonly indexId: number | undefined;
  readonly kind: 'webhook' | 'jenkins';
  /** May hold a password; empty for Jenkins, whose address is the option of the index. */
  readonly url: string;
  /** Types of events, or `part.*`; empty for all. */
  readonly events: readonly string[];
  readonly secret: string | undefined;
  /** Whether root chose the address, which may then be private. */
  readonly isTrusted: boolean;
  readonly createdBy: string | null;
  readonly createdAt: number;
  /** Failed attempts since the last success. */
  readonly failures: number;
  readonly failingSince: number | null;
  readonly pausedUntil: number;
  readonly disabled: { readonly at: number; readonly reason: string } | undefined;
}

/** Something that a webhook is told, with what became of it. */
export interface Delivery {
  /** The same at each attempt, so that who gets it twice knows. */
  readonly id: string;
  readonly webhook: string;
  readonly type: string;
  readonly serial: number | null;
  readonly body: string;
  readonly state: 'waiting' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly nextAt: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly ms: number | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** True if a webhook with this filter is told of events of this type. */
export function isWanted(events: readonly string[], type: string): boolean {
  return (
    events.length === 0 ||
    events.some((each) => each === type || (each.endsWith('.*') && type.startsWith(each.slice(0, -1))))
  );
}

/** How it stands, in a word. */
export function healthOf({ disabled, failures }: Webhook): 'working' | 'failing' | 'disabled' {
  if (disabled !== undefined) return 'disabled';
  return failures > 0 ? 'failing' : 'working';
}
