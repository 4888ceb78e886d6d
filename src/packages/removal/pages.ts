import { formatBytes } from '#web/components/bytes.ts';
import { confirm } from '#web/components/confirm.ts';
import type { Refusal } from '#web/components/form.ts';
import { form } from '#web/components/form.ts';
import { postButton } from '#web/components/form.ts';
import { formatCount } from '#web/components/tabs.ts';
import { foreign, html, visible, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { indexHref } from '../model/index-href.ts';
import { fullName, isVolatile, type Index } from '../model/index.ts';

/** What a question is about: a project, one of its releases, or one file of that. */
export interface Matter {
  readonly index: Index;
  readonly project: string;
  readonly version?: string;
  readonly filename?: string;
  readonly files: readonly {
    readonly filename: string;
    readonly bytes: number;
    readonly yanked: string | null;
  }[];
  /** How many releases it has. */
  readonly releases: number;
  /** What an installer takes when nobody names a version and this release is yanked or gone; undefined for nothing. */
  readonly instead: string | undefined;
}

/** What has to be typed before something is removed for good. */
export function typedName({ project, version }: Matter): string {
  return version === undefined ? project : `${project} ${version}`;
}

function placeOf({ index, project, version }: Matter): string {
  return indexHref(index, project, ...(version === undefined ? [] : [version]));
}

/** Asks before a release is yanked, for the reason that installers show. */
export function yankPage(matter: Matter, input: Readonly<Record<string, string>>, refusal?: Refusal): Page {
  const name = typedName(matter);
  return page(
    matter,
    'Yank',
    refusal,
    html`<section class="confirm">
    <h1>Yank ${name} on ${visible(fullName(matter.index))}?</h1>
    <div class="facts">
      ${filesOf(matter)}
      <p>Installers take it only for an exact pin from then on, so lock files go on working. ${insteadOf(matter)}</p>
      <p>It can be taken back.</p>
    </div>
    ${form({
      action: `${placeOf(matter)}/+yank`,
      fields: [
        {
          kind: 'text',
          name: 'reason',
          label: 'Reason',
          value: input['reason'] ?? matter.files.find(({ yanked }) => yanked !== null)?.yanked ?? '',
          hint: 'Installers show it. May be empty.',
          autocomplete: 'off',
        },
      ],
      submit: 'Yank',
      tone: 'bad',
      cancel: { label: 'Keep it', href: placeOf(matter) },
      refusal,
    })}
  </section>`,
  );
}

/** Asks before a yank is taken back. */
export function unyankPage(matter: Matter): Page {
  const reason = matter.files.find(({ yanked }) => yanked !== null)?.yanked;
  return page(
    matter,
    'Unyank',
    undefined,
    html`${confirm({
      question: `Take the yank of ${typedName(matter)} back?`,
      facts: html`${filesOf(matter)}
        ${reason !== undefined && reason !== null && reason !== '' && html`<p>It was yanked: ${foreign(reason)}</p>`}
        <p>Installers take it again, also who names no version.</p>`,
      action: `${placeOf(matter)}/+unyank`,
      submit: 'Take the yank back',
      keep: { label: 'Leave it yanked', href: placeOf(matter) },
    })}`,
  );
}

/** Asks before a project, a release or a file goes. */
export function removePage(matter: Matter, refusal?: Refusal): Page {
  const { index, filename, files, version } = matter;
  const name = filename ?? typedName(matter);
  const query = filename === undefined ? '' : `?file=${encodeURIComponent(filename)}`;
  const action = `${placeOf(matter)}/+remove${query}`;
  const keep = { label: 'Keep it', href: placeOf(matter) };
  const count = `${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'}`;
  if (index.type === 'mirror') {
    return page(
      matter,
      'Remove',
      refusal,
      confirm({
        question: `Forget what ${visible(fullName(index))} keeps of ${name}?`,
        facts: html`${filesOf(matter)}
          <p>It comes back when somebody asks for it and upstream still has it.</p>
          ${fixedNote(index)}`,
        action,
        submit: `Forget ${count}`,
        keep,
        refusal,
      }),
    );
  }
  return page(
    matter,
    'Remove',
    refusal,
    confirm({
      question: `Remove ${name} from ${visible(fullName(index))}?`,
      facts: html`${filesOf(matter)}
        <p>Lock files that pin it will fail${version !== undefined && '; yanking keeps them working'}. ${insteadOf(matter)}</p>
        ${filename !== undefined && files.length === 1 && matter.releases === 1 && html`<p>A release goes with its last file.</p>`}
        ${fixedNote(index)}
        <p>This cannot be undone: the addresses answer “gone” from then on.</p>`,
      action,
      submit: `Remove ${count}`,
      typed: typedName(matter),
      ...(version !== undefined && {
        instead: { label: `yank ${typedName(matter)}`, href: `${placeOf(matter)}/+yank` },
      }),
      keep,
      refusal,
    }),
  );
}

/** Asks upstream anew about a project. */
export function refreshPage({ index, project }: { readonly index: Index; readonly project: string }): Page {
  const href = indexHref(index, project);
  return {
    title: ['Refresh', project, visible(fullName(index))],
    section: 'packages',
    body: html`<section class="confirm">
      <h1>Ask upstream anew about ${project}?</h1>
      <p class="facts">
        What the mirrors know of ${project} is replaced by what their upstreams say now. Files that are kept stay.
      </p>
      <p class="buttons">
        ${postButton(`${href}/+refresh`, 'Ask upstream', {}, 'primary')} <a class="button" href="${href}">Leave it</a>
      </p>
    </section>`,
  };
}

function page(
  { index, project, version }: Matter,
  verb: string,
  refusal: Refusal | undefined,
  body: Html,
): Page {
  return {
    title: [verb, version === undefined ? project : `${project} ${version}`, visible(fullName(index))],
    section: 'packages',
    ...(refusal !== undefined && { status: 422 }),
    body,
  };
}

const FILES_SHOWN = 10;

function filesOf({ files, releases, version, filename }: Matter): Html {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const count = `${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}`;
  const of =
    version === undefined ? `${formatCount(releases)} ${releases === 1 ? 'release' : 'releases'}, ` : '';
  return html`<p><strong>${of}${count}.</strong></p>
    ${
      filename === undefined &&
      files.length > 0 &&
      html`<ul>
        ${files.slice(0, FILES_SHOWN).map((file) => html`<li><code>${file.filename}</code></li>`)}
        ${files.length > FILES_SHOWN && html`<li>and ${formatCount(files.length - FILES_SHOWN)} more</li>`}
      </ul>`
    }`;
}

function insteadOf({ instead, version, filename }: Matter): Html | false {
  if (version === undefined || filename !== undefined) return false;
  return instead === undefined
    ? html`Who names no version then gets nothing from this index.`
    : html`Who names no version then gets ${instead}.`;
}

function fixedNote(index: Index): Html | false {
  return (
    !isVolatile(index) &&
    html`<p><strong>This index is not volatile</strong>: others may rely on what is on it.</p>`
  );
}
