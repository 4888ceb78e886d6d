import type { FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { isNetwork } from '../config/network.ts';
import { clientAddress, trustedProxies } from './trusted-proxies.ts';

test.each(['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '0.0.0.0/0'])('%s is a network', (text) => {
  expect(isNetwork(text)).toBe(true);
});

test.each([
  '',
  'localhost',
  '10.0.0.0/33',
  '::1/129',
  '10.0.0.0/8/8',
  '10.0.0/8',
  '10.0.0.1/',
  '10.0.0.0/-1',
])('"%s" is no network', (text) => {
  expect(isNetwork(text)).toBe(false);
});

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::ffff:127.0.0.1', true],
  ['::1', true],
  ['::2', false],
  ['10.1.2.3', false],
  ['nonsense', false],
])('with 127.0.0.0/8 and ::1, %s is trusted: %s', (address, is) => {
  expect(trustedProxies(['127.0.0.0/8', '::1'])(address)).toBe(is);
});

test.each([
  // The end of the connection, what Fastify makes of X-Forwarded-For, and the headers.
  ['10.0.0.1', '10.0.0.1', {}, '10.0.0.1'],
  ['::ffff:10.0.0.1', '::ffff:10.0.0.1', {}, '10.0.0.1'],
  ['127.0.0.1', '192.0.2.7', { 'x-forwarded-for': '192.0.2.7' }, '192.0.2.7'],
  ['127.0.0.1', 'unknown', { 'x-forwarded-for': 'unknown' }, '127.0.0.1'],
  ['127.0.0.1', '127.0.0.1', { 'x-real-ip': '192.0.2.7' }, '192.0.2.7'],
  ['127.0.0.1', '127.0.0.1', { 'x-real-ip': 'nonsense' }, '127.0.0.1'],
  ['127.0.0.1', '192.0.2.7', { 'x-forwarded-for': '192.0.2.7', 'x-real-ip': '192.0.2.8' }, '192.0.2.7'],
  ['10.0.0.1', '10.0.0.1', { 'x-real-ip': '192.0.2.7' }, '10.0.0.1'],
])('a request from %s, %s with %j comes from %s', (remoteAddress, ip, headers, address) => {
  const request = { ip, headers, socket: { remoteAddress } } as unknown as FastifyRequest;

  expect(clientAddress(request, trustedProxies(['127.0.0.1']))).toBe(address);
});
