import { badge, state } from '#web/components/badge.ts';
import { confirm } from '#web/components/confirm.ts';
import { copyable } from '#web/components/copyable.ts';
import { empty } from '#web/components/empty.ts';
import { renderField, refusalNote, type Refusal } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { note } from '#web/components/note.ts';
import { table } from '#web/components/table.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import type { ApiToken } from './store.ts';

const DAY_MS = 86_400_000;
/** From then on a list says that a token ends soon. */
const SOON_MS = 7 * DAY_MS;

/** What scopes mean, as the end of "may …". */
export type ScopeMeanings = ReadonlyMap<string, string>;

export interface TokensPage {
  readonly owner: string;
  readonly reader: string;
  readonly tokens: readonly ApiToken[];
  readonly meanings: ScopeMeanings;
  readonly now: number;
  /** The name of one that was just revoked. */
  readonly revoked: string | undefined;
}

/** The API tokens of a user. */
export function tokensPage({ owner, reader, tokens, meanings, now, revoked }: TokensPage): Page {
  const isOwn = owner === reader;
  const add = html`<a class="button primary" href="/+tokens/+new">New token</a>`;
  const ordered = tokens.toSorted(
    (a, b) => Number(isValid(b, now)) - Number(isValid(a, now)) || b.createdAt - a.createdAt,
  );
  return {
    title: ['API tokens', owner],
    body: html`${heading([{ label: owner, href: `/${owner}` }, { label: 'API tokens' }], {
      summary: 'For programs: each may do what its scopes say and its user may, until it ends or is revoked.',
      actions: isOwn && tokens.length > 0 ? [add] : [],
    })}
    ${revoked !== undefined && note('good', html`${foreign(revoked)} is revoked: no request with it counts any more.`)}
    ${
      tokens.length === 0
        ? empty(
            html`<strong>No tokens.</strong> Make one for each machine or job, so that each can be revoked by itself.`,
            isOwn ? html`<p>${add}</p>` : undefined,
          )
        : table({
            caption: `API tokens of ${owner}`,
            rows: ordered,
            rowClass: (token: ApiToken) => (isValid(token, now) ? undefined : 'shadowed'),
            columns: [
              { label: 'Name', cell: ({ name }: ApiToken) => foreign(name) },
              {
                label: 'May',
                cell: ({ scopes, on }: ApiToken) => maySentence(meanings, scopes, on),
              },
              {
                label: 'Last used',
                isMinor: true,
                cell: ({ lastUsedAt }: ApiToken) =>
                  lastUsedAt === null ? html`<span class="mute">never</span>` : time(lastUsedAt),
              },
              { label: 'Made', cell: ({ createdAt }: ApiToken) => time(createdAt), isMinor: true },
              { label: 'Ends', cell: (token: ApiToken) => ending(token, now) },
              {
                label: '',
                align: 'end',
                cell: (token: ApiToken) =>
                  isValid(token, now) &&
                  html`<a href="/+tokens/${token.id}/+revoke" data-confirm
                    >Revoke<span class="hidden"> ${token.name}</span></a
                  >`,
              },
            ],
          })
    }`,
  };
}

function isValid({ revokedAt, expiresAt }: ApiToken, now: number): boolean {
  return revokedAt === null && expiresAt > now;
}

function ending({ revokedAt, expiresAt }: ApiToken, now: number): Html {
  if (revokedAt !== null) return html`${badge('revoked')} ${time(revokedAt)}`;
  if (expiresAt <= now) return html`${badge('ended')} ${time(expiresAt)}`;
  const days = Math.ceil((expiresAt - now) / DAY_MS);
  if (expiresAt - now > SOON_MS) return time(expiresAt);
  return state('warning', days === 1 ? 'within a day' : `in ${days} days`);
}

/** `upload to alice/dev and read it`, in the words of the parts. */
function maySentence(
  meanings: ScopeMeanings,
  scopes: readonly string[],
  on: readonly string[] | undefined,
): Html {
  const verbs = scopes.map((scope) => meanings.get(scope) ?? scope);
  const where =
    on === undefined
      ? html`<span class="soft">everywhere</span>`
      : html`on ${on.map((name, position) => html`${position > 0 && ', '}<code>${foreign(name)}</code>`)}`;
  return html`${verbs.join('; ')} ${where}`;
}

export interface NewTokenPage {
  readonly user: string;
  readonly meanings: ScopeMeanings;
  readonly defaultDays: number;
  readonly maxDays: number;
  /** What was sent before. */
  readonly input: Readonly<Record<string, string>>;
  readonly refusal?: Refusal | undefined;
}

/** The name of a scope's field. */
export function scopeField(scope: string): string {
  return `scope:${scope}`;
}

/** The form for a new API token. */
export function newTokenPage(data: NewTokenPage): Page {
  const { user, meanings, defaultDays, maxDays, input, refusal } = data;
  const wrong = refusal?.fields ?? {};
  const scopes = [...meanings].map(([scope, meaning]) =>
    renderField({
      kind: 'checkbox',
      name: scopeField(scope),
      label: meaning.charAt(0).toUpperCase() + meaning.slice(1),
      hint: html`<code>${scope}</code>`,
      isChecked: input[scopeField(scope)] !== undefined,
    }),
  );
  return {
    title: ['New API token', user],
    ...(refusal !== undefined && { status: 422 }),
    body: html`<div class="narrow">
      ${heading(
        [{ label: user, href: `/${user}` }, { label: 'API tokens', href: '/+tokens' }, { label: 'New' }],
        {
          summary: 'A secret for one machine or job. It is shown once.',
        },
      )}
      <form class="form" method="post" action="/+tokens">
        ${refusal !== undefined && refusalNote(refusal)}
        ${renderField(
          {
            kind: 'text',
            name: 'name',
            label: 'Name',
            value: input['name'] ?? '',
            hint: 'Where it will be used, such as ci-upload or laptop.',
            isRequired: true,
            autocomplete: 'off',
          },
          wrong['name'],
        )}
        <fieldset
          id="field-scopes"
          ${wrong['scopes'] !== undefined && html` aria-describedby="field-scopes-error"`}
        >
          <legend>What it may do</legend>
          ${scopes}
          ${wrong['scopes'] !== undefined && html`<p class="error" id="field-scopes-error">${wrong['scopes']}</p>`}
        </fieldset>
        ${renderField(
          {
            kind: 'textarea',
            name: 'on',
            label: 'Only on these indexes',
            value: input['on'] ?? '',
            rows: 2,
            hint: html`One a line, as <code>${user}/dev</code>. Empty: on all indexes where you may.`,
          },
          wrong['on'],
        )}
        ${renderField(
          {
            kind: 'number',
            name: 'days',
            label: 'Days until it ends',
            value: input['days'] ?? String(defaultDays),
            hint: `At most ${maxDays}.`,
            isRequired: true,
          },
          wrong['days'],
        )}
        <div class="buttons">
          <button class="button primary">Make the token</button> <a class="button" href="/+tokens">Cancel</a>
        </div>
      </form>
    </div>`,
  };
}

/** The one page that shows a token. */
export function madeTokenPage({
  token,
  secret,
  meanings,
  outsideUrl,
}: {
  readonly token: ApiToken;
  readonly secret: string;
  readonly meanings: ScopeMeanings;
  readonly outsideUrl: string;
}): Page {
  const [index = `${token.user}/dev`] = token.on ?? [];
  return {
    title: ['Token made', token.name],
    isSecret: true,
    body: html`<div class="narrow">
      ${heading([{ label: 'API tokens', href: '/+tokens' }, { label: token.name }], {
        summary: html`It may ${maySentence(meanings, token.scopes, token.on)}, and ends
        ${new Date(token.expiresAt).toISOString().slice(0, 10)}.`,
      })}
      ${note('warning', 'Copy it now: it cannot be shown again.')} ${copyable(secret, 'the token')}
      <p><a class="button primary" href="/+tokens">I have it</a></p>
      <h2>Use it</h2>
      <p>As the password of the user <code>__token__</code>:</p>
      ${copyable(`twine upload --repository-url ${outsideUrl}/${index}/ -u __token__ dist/*`)}
      <p>Programs that take no user name send it in a header: <code>Authorization: Bearer wh_…</code></p>
    </div>`,
  };
}

/** Asks whether a token shall end. */
export function revocationPage({
  token,
  meanings,
}: {
  readonly token: ApiToken;
  readonly meanings: ScopeMeanings;
}): Page {
  const used =
    token.lastUsedAt === null
      ? html`It has never been used.`
      : html`It was last used ${time(token.lastUsedAt)}${token.lastUsedAt > 0 && '.'}`;
  return {
    title: ['Revoke', token.name],
    body: confirm({
      question: `Revoke ${token.name}?`,
      facts: html`<p>It may ${maySentence(meanings, token.scopes, token.on)}. ${used}</p>
        <p>Whatever uses it is refused from the next request on; a revoked token does not come back.</p>`,
      action: `/+tokens/${token.id}/+revoke`,
      submit: 'Revoke',
      keep: { label: 'Keep', href: '/+tokens' },
    }),
  };
}
