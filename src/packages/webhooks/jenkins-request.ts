import { z } from 'zod';
import type { Config } from '#kernel/config/kernel-settings.ts';
import { withoutTrailingSlashes } from '#kernel/http/slashes.ts';
import { fullName, type Index } from '../model/index.ts';
import { jenkinsScript } from './jenkins-script.ts';

const Body = z.object({ data: z.object({ project: z.string(), version: z.string() }) });
const BOUNDARY = 'wheelhouse-0b5d7a2f4c1e9836';

/**
 * What Jenkins takes as the start of a job with one file parameter, `jobscript.py` (reference devpi.md 10.1): the
 * form that its own page would send.
 */
export function jenkinsRequest(
  index: Index,
  template: string,
  { body, config }: { readonly body: string; readonly config: Config },
) {
  const { project, version } = Body.parse(JSON.parse(body)).data;
  const url = template
    .replaceAll('{pkgname}', encodeURIComponent(project))
    .replaceAll('{pkgversion}', encodeURIComponent(version));
  const root = withoutTrailingSlashes(config['outside-url'] ?? `http://${config.host}:${config.port}`);
  const script = jenkinsScript({ indexUrl: `${root}/${fullName(index)}`, project, version });
  const parameter = { parameter: { name: 'jobscript.py', file: 'file0' } };
  const parts = [
    field('name="Submit"', 'Build'),
    field('name="name"', 'jobscript.py'),
    field('name="json"', JSON.stringify(parameter)),
    field('name="file0"; filename="jobscript.py"', script, 'text/x-python'),
  ];
  return {
    url,
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: `${parts.join('')}--${BOUNDARY}--\r\n`,
  };
}

function field(disposition: string, value: string, type?: string): string {
  const typed = type === undefined ? '' : `Content-Type: ${type}\r\n`;
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${typed}\r\n${value}\r\n`;
}
