import { escapeHtml } from '#web/escape-html.ts';
import { bestHash } from '../mirror/link.ts';
import type { ProjectPage } from './project-page.ts';
import type { PageFile } from '../model/page-file.ts';
import { API_VERSION } from './render-json.ts';

/** The page of a project as PEP 503 HTML, frozen at 1.4 (PEP 833); size and upload time have no HTML form. */
export function renderProjectHtml(page: ProjectPage): string {
  const { status } = page;
  const metas = [
    ...(status === undefined ? [] : [meta('pypi:project-status', status.status)]),
    ...(status?.reason === undefined ? [] : [meta('pypi:project-status-reason', status.reason)]),
  ];
  return htmlPage(`${page.index}: links for ${page.name}`, page.files.map(anchor), metas);
}

/** The list of projects as PEP 503 HTML. */
export function renderListHtml(index: string, names: readonly string[]): string {
  return htmlPage(
    `${index}: simple list`,
    names.map((name) => `<a href="${encodeURIComponent(name)}/">${escapeHtml(name)}</a><br>`),
  );
}

function anchor(file: PageFile): string {
  const hash = bestHash(file.hashes);
  const { coreMetadata } = file;
  const metadata = typeof coreMetadata === 'string' ? `sha256=${coreMetadata}` : 'true';
  const attributes = [
    `href="${escapeHtml(file.url)}${hash === undefined ? '' : `#${hash.algorithm}=${hash.digest}`}"`,
    ...attribute('data-requires-python', file.requiresPython),
    ...attribute('data-yanked', file.yanked),
    ...(coreMetadata === undefined
      ? []
      : [`data-core-metadata="${metadata}"`, `data-dist-info-metadata="${metadata}"`]),
    ...attribute('data-provenance', file.provenance),
  ];
  return `<a ${attributes.join(' ')}>${escapeHtml(file.filename)}</a><br>`;
}

function attribute(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}="${escapeHtml(value)}"`];
}

function meta(name: string, content: string): string {
  return `<meta name="${name}" content="${escapeHtml(content)}">\n`;
}

function htmlPage(title: string, lines: readonly string[], metas: readonly string[] = []): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="${API_VERSION}">
${metas.join('')}<title>${escapeHtml(title)}</title>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${lines.join('\n')}
</body>
</html>
`;
}
