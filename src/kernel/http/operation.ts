import { z } from 'zod';
import type { Audience } from './audience.ts';

/** One operation of the HTTP interface: what routes, OpenAPI and clients need to know of it. */
export interface Operation<Permission extends string = string, Subject extends string = string> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'PUSH';
  /** Parameters are written `:name`; a trailing slash may follow or not. */
  readonly path: string;
  /** What the sender must be allowed, such as `packages.upload`; the policy of a part decides. */
  readonly permission: Permission;
  /** What the permission is about, and how the path names it: one of the subjects of that part. */
  readonly subject: Subject;
  readonly summary: string;
  readonly request?: z.ZodType;
  readonly response?: z.ZodType;
  /** Content type of the answer when it is not JSON. */
  readonly produces?: readonly string[];
  /** True where the route reads the body itself, within a limit of its own. */
  readonly readsBody?: true;
  /** It changes nothing that a replica has from its primary, whatever its method: every server does it itself. */
  readonly isLocal?: true;
  /** A page, or what its forms send to; programs that ask for the address get another operation, or 404. */
  readonly audience?: Audience;
}

/** The operations of one part, by the name that OpenAPI gives them. */
export type Operations = Readonly<Record<string, Operation>>;

/** Any JSON object. */
export const AnyObject = z.record(z.string(), z.unknown());

/** devpi's envelope: `type` names what `result` is. */
export function envelope<Type extends string, Result extends z.ZodType>(type: Type, result: Result) {
  return z.object({ type: z.literal(type), result, message: z.string().optional() });
}

/** An answer that only says what was done. */
export const Message = z.object({ message: z.string() });
