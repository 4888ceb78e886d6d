import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { isNamed, parseWeighted, prefersJson } from './accept.ts';

/** Whom an answer is for: one address may have a page for browsers and something else for all others. */
export type Audience = 'browser';

/**
 * `browser` for who names HTML, or an event stream, and likes nothing of ours better; undefined for programs, also for those that
 * take anything. A body is a browser's where it came from a form.
 */
export function audienceOf({
  method,
  headers,
}: Pick<IncomingMessage, 'method' | 'headers'>): Audience | undefined {
  const { accept = '' } = headers;
  if (!/text\/(?:html|event-stream)/i.test(accept)) return undefined;
  if (isInstaller(headers['user-agent'])) return undefined;
  const ranges = parseWeighted(accept);
  if (ranges.some(({ name }) => name.startsWith('application/vnd.pypi'))) return undefined;
  const isEventStream = isNamed(ranges, 'text/event-stream');
  if (!isEventStream && (!isNamed(ranges, 'text/html') || prefersJson(accept))) return undefined;
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead || isForm(headers['content-type']) ? 'browser' : undefined;
}

const INSTALLER = /^(?:[^ ]+ )*(?:distribute|setuptools|pip|pex|uv)\//;

/**
 * True for the User-Agents of installers as devpi knows them (reference devpi.md 1.1): those of old ask for HTML alone, and mean the
 * simple index.
 */
export function isInstaller(userAgent: string | undefined): boolean {
  return INSTALLER.test((userAgent ?? '').slice(0, 500));
}

function isForm(type: string | undefined): boolean {
  return /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type ?? '');
}

type Constraint = Parameters<FastifyInstance['addConstraintStrategy']>[0];
type Handler = Parameters<ReturnType<Constraint['storage']>['set']>[1];

/** Lets the router tell routes of one address apart by their audience; those without one answer everybody else. */
export const audienceConstraint: Constraint = {
  name: 'audience',
  storage() {
    const handlers = new Map<unknown, Handler>();
    return {
      get: (audience: unknown) => handlers.get(audience) ?? null,
      set: (audience: unknown, handler: Handler) => void handlers.set(audience, handler),
    };
  },
  deriveConstraint: (request: IncomingMessage) => audienceOf(request),
  mustMatchWhenDerived: false,
};
