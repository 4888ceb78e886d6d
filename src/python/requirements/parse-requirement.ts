import { normalizeProjectName } from '../names/project-name.ts';
import { parseMarker, type Marker } from './parse-marker.ts';

/** One Requires-Dist (PEP 508). */
export interface Requirement {
  /** As written. */
  readonly name: string;
  /** Normalized (PEP 503). */
  readonly project: string;
  readonly extras: readonly string[];
  /** Version specifiers without spaces, such as `>=8.1,<9`; empty if any version will do. */
  readonly specifier: string;
  /** Where it must be taken from instead of an index. */
  readonly url: string | undefined;
  readonly marker: Marker | undefined;
}

const REQUIREMENT =
  /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?)\s*(?:\[([^\]]{0,1000})\])?\s*(?:@\s*(\S{1,2000})|([^;@]{0,2000}?))\s*(?:;(.{1,5000}))?$/s;
const CLAUSE = /^(?:===|==|~=|!=|<=|>=|<|>)\s*[^\s,;()<>=~]+$/;

/** Reads a requirement; undefined for what is none. Parentheses around the versions, which old metadata have, are let through. */
export function parseRequirement(text: string): Requirement | undefined {
  const match = REQUIREMENT.exec(text);
  if (match === null) return undefined;
  const [, name = '', extras = '', url, versions = '', marker] = match;
  const inner = /^\((.*)\)$/s.exec(versions.trim())?.[1] ?? versions;
  const clauses = inner
    .split(',')
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');
  if (!clauses.every((clause) => CLAUSE.test(clause))) return undefined;
  const parsed = marker === undefined ? undefined : parseMarker(marker);
  if (marker !== undefined && parsed === undefined) return undefined;
  return {
    name,
    project: normalizeProjectName(name),
    extras: extras
      .split(',')
      .map((extra) => extra.trim())
      .filter((extra) => extra !== ''),
    specifier: clauses.map((clause) => clause.replaceAll(/\s/g, '')).join(','),
    url: url?.replace(/;$/, ''),
    marker: parsed,
  };
}
