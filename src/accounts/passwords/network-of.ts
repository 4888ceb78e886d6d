import { isIP } from 'node:net';

const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * What somebody has who has an address: of IPv4 the address, of IPv6 the first 64 bits, since the other 64 are everybody's to
 * choose (RFC 4291 2.5.4). Anything else is returned as it is.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  // The normal form, without a zone: hexadecimal groups without leading zeros, and at most one `::`.
  const { hostname } = new URL(`http://[${address.split('%')[0]}]`);
  const [start = [], end = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((groups) => groups.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: GROUPS - start.length - end.length }, () => '0');
  return [...start, ...zeros, ...end].slice(0, NETWORK_GROUPS).join(':');
}
