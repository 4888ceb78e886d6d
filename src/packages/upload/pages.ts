import { formatBytes } from '#web/components/bytes.ts';
import { state } from '#web/components/badge.ts';
import { heading } from '#web/components/heading.ts';
import { note } from '#web/components/note.ts';
import { foreign, html, visible, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { indexHref } from '../model/index-href.ts';
import { fullName, isVolatile, listOption, type Index } from '../model/index.ts';

/** What became of one file. */
export interface UploadLine {
  readonly filename: string;
  readonly outcome:
    | {
        readonly kind: 'stored' | 'identical';
        readonly project: string;
        readonly version: string;
        readonly bytes: number;
      }
    | { readonly kind: 'refused'; readonly message: string; readonly hint: string | undefined };
}

/** Where releases are brought to an index; says who may where the reader may not. */
export function uploadPage({
  index,
  reader,
  mayUpload,
  maxBytes,
  line,
}: {
  readonly index: Index;
  readonly reader: string | undefined;
  readonly mayUpload: boolean;
  readonly maxBytes: number;
  readonly line?: UploadLine;
}): Page {
  const name = fullName(index);
  return {
    title: ['Upload', visible(name)],
    section: 'packages',
    ...(line?.outcome.kind === 'refused' && { status: 422 }),
    body: html`${heading(
      [
        { label: index.user, href: `/${encodeURIComponent(index.user)}` },
        { label: index.name, href: indexHref(index) },
        { label: 'upload' },
      ],
      { summary: 'Each file is checked while it arrives. Name and version come from the archive.' },
    )}
      <div class="upload">
        ${mayUpload ? uploadForm(index, maxBytes) : notAllowed(index, reader)}
        <ul class="uploads" data-uploads>
          ${line !== undefined && html`<li>${uploadLine(index, line)}</li>`}
        </ul>
        <p role="status" class="hint" data-uploads-status></p>
        <p><a href="${indexHref(index)}">Back to ${foreign(name)}</a></p>
      </div>`,
  };
}

function uploadForm(index: Index, maxBytes: number): Html {
  return html`<form
    class="form"
    method="post"
    action="${indexHref(index, '+upload')}"
    enctype="multipart/form-data"
    data-upload
    data-max="${maxBytes}"
  >
    <div class="drop" data-drop>
      <p><span data-drop-words hidden>Drop wheels and sdists here, or </span><label for="content">choose files</label></p>
      <input type="file" id="content" name="content" accept=".whl,.gz,.zip,.tgz,.bz2" required aria-describedby="content-hint" />
      <p class="hint" id="content-hint">
        At most ${formatBytes(maxBytes)} each.
        ${
          isVolatile(index)
            ? 'A file of the same name is replaced.'
            : 'A file name keeps its bytes here: upload a new version instead of other bytes.'
        }
      </p>
    </div>
    <div class="buttons" data-upload-buttons><button class="button primary">Upload</button></div>
  </form>`;
}

function notAllowed(index: Index, reader: string | undefined): Html {
  if (index.type === 'mirror') {
    return note(
      'info',
      html`<p>${foreign(fullName(index))} is a mirror: it shows what its upstream has, and takes no uploads.</p>`,
    );
  }
  const listed = listOption(index, 'acl_upload');
  const who =
    listed.length === 0 ? 'nobody' : listed.map((each, at) => html`${at > 0 && ', '}${foreign(each)}`);
  const settings = html`<a href="${indexHref(index, '+settings')}#field-acl_upload">who may upload</a>`;
  if (reader === 'root') {
    return note(
      'warning',
      html`<p><strong>Root is not listed by itself.</strong> Listed is: ${who}. Add <code>root</code> to ${settings}.</p>`,
    );
  }
  if (reader === index.user) {
    return note(
      'warning',
      html`<p><strong>You own this index, and are not listed.</strong> Listed is: ${who}. Add yourself to ${settings}.</p>`,
    );
  }
  const login = `/+login?next=${encodeURIComponent(indexHref(index, '+upload'))}`;
  return note(
    'warning',
    html`<p>
      <strong>${reader === undefined ? 'Log in to upload.' : 'You may not upload here.'}</strong> Listed is: ${who}.
      ${reader === undefined ? html`<a href="${login}">Log in</a>` : html`Ask ${foreign(index.user)}, whose index it is.`}
    </p>`,
  );
}

/** A line of the list: the file, and what became of it. */
export function uploadLine(index: Index, { filename, outcome }: UploadLine): Html {
  const name = html`<span class="file">${foreign(filename)}</span>`;
  if (outcome.kind === 'refused') {
    return html`<div class="uploaded refused">
      ${name} ${state('bad', 'refused')}
      <p>${visible(outcome.message)}${outcome.hint !== undefined && html` ${visible(outcome.hint)}`}</p>
    </div>`;
  }
  const { project, version, bytes, kind } = outcome;
  return html`<div class="uploaded">
    ${name} ${state('good', kind === 'stored' ? 'stored' : 'was there')}
    <p>
      <a href="${indexHref(index, project, version)}">${project} ${version}</a>, ${formatBytes(bytes)}${
        kind === 'identical' && '; these very bytes were there, nothing has changed'
      }
    </p>
  </div>`;
}
