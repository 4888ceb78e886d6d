import type { Marker } from '../requirements/parse-marker.ts';
import type { Requirement } from '../requirements/parse-requirement.ts';

/** A requirement as people read it. */
export interface DescribedRequirement {
  readonly name: string;
  /** Normalized. */
  readonly project: string;
  /** Extras that it asks for. */
  readonly extras: readonly string[];
  /** `≥8.1,<9`; empty if any version will do. */
  readonly versions: string;
  readonly url: string | undefined;
  /** `Python < 3.11`; empty if always. */
  readonly when: string;
  /** The extras of the release that bring it; none if it is always needed. */
  readonly broughtBy: readonly string[];
}

/** Says a requirement in words, and takes out which extras bring it. */
export function describeRequirement(requirement: Requirement): DescribedRequirement {
  const { name, project, extras, specifier, url, marker } = requirement;
  const conditions = marker === undefined ? [] : marker.kind === 'and' ? marker.of : [marker];
  const broughtBy = conditions.flatMap((condition) => extrasOf(condition) ?? []);
  const others = conditions.filter((condition) => extrasOf(condition) === undefined);
  return {
    name,
    project,
    extras,
    versions: specifier.replaceAll('>=', '≥').replaceAll('<=', '≤').replaceAll('!=', '≠'),
    url,
    when: others.map((condition) => describeMarker(condition, others.length > 1)).join(' and '),
    broughtBy,
  };
}

/** The extras of which one must be asked for, if the marker says nothing else. */
function extrasOf(marker: Marker): readonly string[] | undefined {
  if (marker.kind === 'compare')
    return marker.variable === 'extra' && marker.operator === '==' ? [marker.value] : undefined;
  if (marker.kind === 'and') return undefined;
  const each = marker.of.map(extrasOf);
  return each.includes(undefined) ? undefined : each.flatMap((extras) => extras ?? []);
}

function describeMarker(marker: Marker, isPart: boolean): string {
  if (marker.kind === 'compare') return describeComparison(marker);
  const words = marker.of.map((each) => describeMarker(each, true)).join(` ${marker.kind} `);
  return isPart && marker.kind === 'or' ? `(${words})` : words;
}

const SYSTEMS: Readonly<Record<string, string>> = {
  win32: 'Windows',
  windows: 'Windows',
  nt: 'Windows',
  cygwin: 'Cygwin',
  darwin: 'macOS',
  linux: 'Linux',
  posix: 'Unix',
  android: 'Android',
  ios: 'iOS',
  emscripten: 'WebAssembly',
  java: 'Java',
};
const IMPLEMENTATIONS: Readonly<Record<string, string>> = {
  cpython: 'CPython',
  pypy: 'PyPy',
  graalpy: 'GraalPy',
  jython: 'Jython',
  ironpython: 'IronPython',
};
const SIGNS: Readonly<Record<string, string>> = { '>=': '≥', '<=': '≤', '==': '', '===': '', '!=': '≠' };

function describeComparison({ variable, operator, value }: Extract<Marker, { kind: 'compare' }>): string {
  const isNot = operator === '!=' ? 'not ' : '';
  const isEquality = /^(?:[=!]=|===)$/.test(operator);
  switch (variable) {
    case 'python_version':
    case 'python_full_version':
      return `Python ${[SIGNS[operator] ?? operator, value].filter(Boolean).join(' ')}`;
    case 'sys_platform':
    case 'platform_system':
    case 'os_name':
      if (isEquality) return `${isNot}on ${SYSTEMS[value.toLowerCase()] ?? value}`;
      break;
    case 'implementation_name':
    case 'platform_python_implementation':
      if (isEquality) return `${isNot}with ${IMPLEMENTATIONS[value.toLowerCase()] ?? value}`;
      break;
    case 'platform_machine':
      if (isEquality) return `${isNot}on ${value}`;
      break;
  }
  return `${variable} ${operator} "${value}"`;
}
