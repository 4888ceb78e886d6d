import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** True for an address of the list, and the IPv6 form of an IPv4 one. */
export type IsTrusted = (address: string) => boolean;

/** Whose `X-Forwarded-…` headers are believed. */
export function trustedProxies(networks: readonly string[]): IsTrusted {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const type = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, type);
    else list.addSubnet(address, Number(prefix), type);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}

/**
 * The address that the request comes from: the last one of `X-Forwarded-For` that is no trusted proxy, else
 * `X-Real-IP`, if a trusted proxy says so; else the other end of the connection. Empty when that has gone.
 */
export function clientAddress({ ip, headers, socket }: FastifyRequest, isTrusted: IsTrusted): string {
  const peer = socket.remoteAddress ?? '';
  const real = headers['x-real-ip'];
  const isReal = headers['x-forwarded-for'] === undefined && typeof real === 'string' && isTrusted(peer);
  const address = [isReal ? real : ip, peer].find((candidate) => isIP(candidate) !== 0) ?? '';
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
