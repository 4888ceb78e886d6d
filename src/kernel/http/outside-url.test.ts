import { describe, expect, test } from 'vitest';
import { routedPath } from './outside-url.ts';

describe('the path below a proxy', () => {
  test.each([
    ['/sub/user/index', '/user/index'],
    ['/sub/', '/'],
    ['/sub', '/'],
    ['/sub?x=1', '/?x=1'],
    ['/subway/index', '/subway/index'],
    ['/user/index', '/user/index'],
  ])('%s is routed as %s', (url, path) => {
    expect(routedPath(url, { 'x-outside-url': 'https://example.com/sub/' })).toBe(path);
  });

  test.each([
    ['/user/index/%2Bf/a/b?c=%2B', '/user/index/+f/a/b?c=%2B'],
    ['/user/index/', '/user/index/'],
  ])('%s without a proxy is routed as %s', (url, path) => {
    expect(routedPath(url, {})).toBe(path);
  });
});
