import { badge, state, type State } from '#web/components/badge.ts';
import { facts } from '#web/components/columns.ts';
import { confirm } from '#web/components/confirm.ts';
import { copyable } from '#web/components/copyable.ts';
import { empty } from '#web/components/empty.ts';
import { form, postButton, type Refusal } from '#web/components/form.ts';
import { heading, type Crumb } from '#web/components/heading.ts';
import { note } from '#web/components/note.ts';
import { table } from '#web/components/table.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, visible, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { indexHref } from '../model/index-href.ts';
import { fullName, type Index } from '../model/index.ts';
import { addressOf } from './show-webhook.ts';
import { healthOf, type Delivery, type Webhook } from './webhook.ts';

/** The address of the webhooks of an index, or of the server, or of what follows it there. */
export function webhooksHref(index: Index | undefined, ...rest: readonly string[]): string {
  const path = rest.map(encodeURIComponent).join('/');
  const start = index === undefined ? '/+webhooks' : indexHref(index, '+webhooks');
  return rest.length === 0 ? start : `${start}/${path.replaceAll('%2B', '+')}`;
}

export interface WebhooksPage {
  /** Undefined: those of the server. */
  readonly index: Index | undefined;
  readonly webhooks: readonly Webhook[];
  readonly isRoot: boolean;
  readonly input: Readonly<Record<string, string>>;
  readonly refusal?: Refusal | undefined;
}

/** The webhooks of an index or of the server, and a form for a new one. */
export function webhooksPage({ index, webhooks, isRoot, input, refusal }: WebhooksPage): Page {
  const href = (webhook: Webhook) => webhooksHref(index, webhook.id);
  const other =
    isRoot && index !== undefined ? [html`<a class="button" href="/+webhooks">Those of the server</a>`] : [];
  return {
    title: ['Webhooks', whose(index)],
    section: 'packages',
    ...(refusal !== undefined && { status: 422 }),
    body: html`${heading([...crumbs(index), { label: 'Webhooks' }], {
      summary:
        index === undefined
          ? 'Addresses that are told what happens on the server.'
          : 'Addresses that are told what happens on this index.',
      actions: other,
    })}
    ${
      webhooks.length === 0
        ? empty(html`<strong>No webhooks yet.</strong> Add one for a CI, a chat or a scanner.`)
        : table({
            caption: `Webhooks of ${whose(index)}`,
            rows: webhooks,
            columns: [
              {
                label: 'Address',
                cell: (webhook: Webhook) =>
                  html`<a href="${href(webhook)}">${foreign(addressOf(webhook, index))}</a>${
                    webhook.kind === 'jenkins' && html` ${badge('Jenkins')}`
                  }`,
              },
              { label: 'State', cell: (webhook: Webhook) => health(webhook) },
              { label: 'Events', cell: ({ events }: Webhook) => filter(events), isMinor: true },
              { label: 'Added', cell: ({ createdAt }: Webhook) => time(createdAt), isMinor: true },
            ],
          })
    }
    <section>
      <h2>New webhook</h2>
      ${form({
        action: webhooksHref(index),
        fields: [
          {
            kind: 'url',
            name: 'url',
            label: 'Address',
            value: input['url'] ?? '',
            isRequired: true,
            autocomplete: 'off',
            hint: isRoot
              ? 'Where to send POST requests to.'
              : 'Where to send POST requests to. Only root may add one at a private address.',
          },
          {
            kind: 'textarea',
            name: 'events',
            label: 'Only these events',
            value: input['events'] ?? '',
            rows: 3,
            hint: html`One a line, as <code>packages.file-uploaded</code> or <code>packages.*</code>. Empty: all.`,
          },
        ],
        submit: 'Add the webhook',
        refusal,
      })}
    </section>`,
  };
}

/** The one page that shows the secret of a webhook. */
export function addedWebhookPage({
  index,
  webhook,
  secret,
}: {
  readonly index: Index | undefined;
  readonly webhook: Webhook;
  readonly secret: string;
}): Page {
  return {
    title: ['Webhook added', whose(index)],
    section: 'packages',
    isSecret: true,
    body: html`<div class="narrow">
      ${heading([...crumbs(index), { label: 'Webhooks', href: webhooksHref(index) }, { label: webhook.id }], {
        summary: html`It is told at <code>${foreign(addressOf(webhook, index))}</code>.`,
      })}
      ${note('warning', 'Copy the secret now: it cannot be shown again.')} ${copyable(secret, 'the secret')}
      <p>What is sent is signed with it as the specification Standard Webhooks has it.</p>
      <p><a class="button primary" href="${webhooksHref(index, webhook.id)}">I have it</a></p>
    </div>`,
  };
}

/** A webhook with what became of its last deliveries. */
export function webhookPage({
  index,
  webhook,
  deliveries,
}: {
  readonly index: Index | undefined;
  readonly webhook: Webhook;
  readonly deliveries: readonly Delivery[];
}): Page {
  const { id, disabled, events, createdAt, createdBy, kind } = webhook;
  const remove = html`<a class="button" href="${webhooksHref(index, id, '+remove')}">Remove</a>`;
  return {
    title: ['Webhook', whose(index)],
    section: 'packages',
    body: html`${heading(
      [...crumbs(index), { label: 'Webhooks', href: webhooksHref(index) }, { label: id }],
      {
        summary: html`<code>${foreign(addressOf(webhook, index))}</code>`,
        actions: kind === 'jenkins' ? [] : [postButton(webhooksHref(index, id, '+test'), 'Test it'), remove],
      },
    )}
    ${
      disabled !== undefined &&
      note(
        'bad',
        html`It is told of nothing since ${time(disabled.at)}: ${foreign(disabled.reason)}. A test that succeeds
        enables it again.`,
      )
    }
    ${facts([
      ['State', health(webhook)],
      ['Events', filter(events)],
      ['Added', html`${time(createdAt)}${createdBy !== null && html` by ${foreign(createdBy)}`}`],
    ])}
    <h2>Deliveries</h2>
    ${
      deliveries.length === 0
        ? empty('Nothing was to be told yet.')
        : table({
            caption: 'Deliveries',
            rows: deliveries,
            columns: [
              { label: 'Event', cell: ({ type }: Delivery) => html`<code>${type}</code>` },
              { label: 'State', cell: (delivery: Delivery) => outcome(delivery) },
              {
                label: 'Result',
                cell: ({ status, error }: Delivery) => foreign(error ?? String(status ?? '')),
              },
              { label: 'Attempts', align: 'end', cell: ({ attempts }: Delivery) => attempts, isMinor: true },
              { label: 'Time', cell: ({ createdAt: at }: Delivery) => time(at) },
            ],
          })
    }`,
  };
}

/** Asks before a webhook is removed. */
export function webhookRemovalPage(index: Index | undefined, webhook: Webhook): Page {
  return {
    title: ['Remove a webhook', whose(index)],
    section: 'packages',
    body: confirm({
      question: `Remove the webhook ${webhook.id}?`,
      facts: html`<p>
        <code>${foreign(addressOf(webhook, index))}</code> is told of nothing more, and what waits is given up. Its
        secret does not come back.
      </p>`,
      action: webhooksHref(index, webhook.id, '+remove'),
      submit: 'Remove',
      keep: { label: 'Keep', href: webhooksHref(index, webhook.id) },
    }),
  };
}

function whose(index: Index | undefined): string {
  return index === undefined ? 'the server' : visible(fullName(index));
}

function crumbs(index: Index | undefined): readonly Crumb[] {
  if (index === undefined) return [];
  return [
    { label: index.user, href: `/${encodeURIComponent(index.user)}` },
    { label: index.name, href: indexHref(index) },
  ];
}

function filter(events: readonly string[]): Html {
  if (events.length === 0) return html`all`;
  return html`${events.map((each, at) => html`${at > 0 && ', '}<code>${foreign(each)}</code>`)}`;
}

const HEALTH: Readonly<Record<ReturnType<typeof healthOf>, State>> = {
  working: 'good',
  failing: 'warning',
  disabled: 'bad',
};

function health(webhook: Webhook): Html {
  const word = healthOf(webhook);
  return state(HEALTH[word], word);
}

function outcome({ state: reached, attempts, nextAt }: Delivery): Html {
  if (reached === 'delivered') return state('good', 'delivered');
  if (reached === 'failed') return state('bad', 'failed');
  if (attempts === 0) return state('waiting', 'waiting');
  return html`${state('warning', 'again')} ${time(nextAt)}`;
}
