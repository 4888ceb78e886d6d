import { escapeHtml } from '#web/html.ts';
import type { PageFile, ProjectPage } from './project-page.ts';
import { API_VERSION } from './render-json.ts';

/** The page of a project as PEP 503 HTML, frozen at 1.4 (PEP 833); size and upload time have no HTML form. */
export function renderProjectHtml(page: ProjectPage): string {
  return htmlPage(`${page.index}: links for ${page.name}`, page.files.map(anchor));
}

/** The list of projects as PEP 503 HTML. */
export function renderListHtml(index: string, names: readonly string[]): string {
  return htmlPage(
    `${index}: simple list`,
    names.map((name) => `<a href="${encodeURIComponent(name)}/">${escapeHtml(name)}</a><br>`),
  );
}

function anchor(file: PageFile): string {
  const attributes = [
    `href="${escapeHtml(file.url)}#sha256=${file.sha256}"`,
    ...(file.requiresPython === null ? [] : [`data-requires-python="${escapeHtml(file.requiresPython)}"`]),
    ...(file.yanked === null ? [] : [`data-yanked="${escapeHtml(file.yanked)}"`]),
    ...(file.coreMetadata === undefined
      ? []
      : ['data-core-metadata', 'data-dist-info-metadata'].map(
          (name) => `${name}="sha256=${file.coreMetadata}"`,
        )),
  ];
  return `<a ${attributes.join(' ')}>${escapeHtml(file.filename)}</a><br>`;
}

function htmlPage(title: string, lines: readonly string[]): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="${API_VERSION}">
<title>${escapeHtml(title)}</title>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${lines.join('\n')}
</body>
</html>
`;
}
