import { expect, test } from 'vitest';
import { audienceOf } from './audience.ts';

const CHROMIUM = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
const FIREFOX = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const PIP =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01';
const UV = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01';
const FORM = 'application/x-www-form-urlencoded';

test.each([
  ['chromium', 'GET', { accept: CHROMIUM }, 'browser'],
  ['firefox', 'HEAD', { accept: FIREFOX }, 'browser'],
  ['lynx', 'GET', { accept: 'text/html, text/plain, */*;q=0.01' }, 'browser'],
  ['a fragment of ours', 'GET', { accept: 'text/html' }, 'browser'],
  ['a live stream', 'GET', { accept: 'text/event-stream' }, 'browser'],
  ['a form', 'POST', { accept: CHROMIUM, 'content-type': FORM }, 'browser'],
  [
    'an upload by form',
    'POST',
    { accept: CHROMIUM, 'content-type': 'multipart/form-data; boundary=x' },
    'browser',
  ],
  ['pip', 'GET', { accept: PIP, 'user-agent': 'pip/26.0 {}' }, undefined],
  ['pip of old', 'GET', { accept: 'text/html', 'user-agent': 'pip/9.0.1 {}' }, undefined],
  [
    'easy_install',
    'GET',
    { accept: 'text/html', 'user-agent': 'Python-urllib/3.9 setuptools/40' },
    undefined,
  ],
  ['uv', 'GET', { accept: UV, 'user-agent': 'uv/0.9' }, undefined],
  ['devpi-client', 'GET', { accept: 'application/json' }, undefined],
  ['curl', 'GET', { accept: '*/*' }, undefined],
  ['nothing', 'GET', {}, undefined],
  ['an empty header', 'GET', { accept: '' }, undefined],
  ['JSON before HTML', 'GET', { accept: 'application/json, text/html;q=0.9' }, undefined],
  ['twine', 'POST', { accept: '*/*', 'content-type': 'multipart/form-data; boundary=x' }, undefined],
  ['curl -d', 'POST', { accept: '*/*', 'content-type': FORM }, undefined],
  ['a script that sends JSON', 'POST', { accept: CHROMIUM, 'content-type': 'application/json' }, undefined],
])('%s sending %s with %j is %s', (_who, method, headers, audience) => {
  expect(audienceOf({ method, headers })).toBe(audience);
});
