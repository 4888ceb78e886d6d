import { clean } from '@renovatebot/pep440';

const MAX_VERSION_LENGTH = 255;
// pep440 keeps numbers as floats, which makes neighbours of this length equal.
const LONG_NUMBER = /[0-9]{16}/;
// What most versions are: normal already.
const PLAIN = /^(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*$/;

/**
 * Whether two spellings mean one version (PEP 440: `1.0-alpha.1` is `1.0a1`, `v1.0` is `1.0`). Versions that PEP 440
 * does not know are the same only when they are equal, apart from the escapes of file names.
 */
export function isSameVersion(left: string, right: string): boolean {
  return left === right || canonicalVersion(left) === canonicalVersion(right);
}

/**
 * The spelling that equal versions share: PEP 440's normal form without trailing zeros in the release. Old tools wrote
 * the `+` of a local version as `_` or `-` in file names (`1.0_cu118`), so these are read as `+` when that makes a version.
 */
export function canonicalVersion(version: string): string {
  const text = version.trim();
  if (text.length > MAX_VERSION_LENGTH || LONG_NUMBER.test(text)) return text;
  if (PLAIN.test(text)) return withoutTrailingZeros(text);
  const normal = clean(text) ?? clean(text.replace(/[_-]/, '+')) ?? clean(withLocal(text));
  if (normal === null) return text.replaceAll('_', '-').toLowerCase();
  const [, head = '', rest = ''] = /^((?:\d+!)?\d+(?:\.\d+)*)(.*)$/s.exec(normal) ?? [];
  return `${withoutTrailingZeros(head)}${rest}`;
}

function withLocal(text: string): string {
  const at = Math.max(text.lastIndexOf('_'), text.lastIndexOf('-'));
  return at < 0 ? text : `${text.slice(0, at)}+${text.slice(at + 1)}`;
}

function withoutTrailingZeros(release: string): string {
  let result = release;
  while (result.endsWith('.0')) result = result.slice(0, -2);
  return result;
}
