import { badge } from '#web/components/badge.ts';
import { heading } from '#web/components/heading.ts';
import { table } from '#web/components/table.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';

export interface ShownSetting {
  readonly name: string;
  /** Of the environment. */
  readonly variable: string;
  /** What it is for. */
  readonly sentence: string;
  /** Without secrets. */
  readonly value: string;
  /** Where the value was given; undefined for the default. */
  readonly origin: string | undefined;
}

/** Every setting with its value and where that comes from. */
export function settingsPage(settings: readonly ShownSetting[]): Page {
  return {
    title: ['Settings'],
    section: 'status',
    isSecret: true,
    body: html`${heading([{ label: 'Status', href: '/+status' }, { label: 'Settings' }], {
      summary: html`As this process runs. A flag counts before the environment, that before <code>wheelhouse.yml</code>.`,
    })}
    ${table({
      caption: 'Settings',
      rows: settings,
      columns: [
        { label: 'Setting', cell: ({ name }: ShownSetting) => html`<code>${name}</code>` },
        {
          label: 'Value',
          cell: ({ value }) =>
            value === '' ? html`<span class="mute">none</span>` : html`<code>${foreign(value)}</code>`,
        },
        {
          label: 'From',
          cell: ({ origin }) =>
            origin === undefined
              ? html`<span class="mute">default</span>`
              : html`${badge('set', 'accent')} ${foreign(origin)}`,
        },
        { label: 'What it is for', cell: ({ sentence }) => withCode(sentence), isMinor: true },
      ],
    })}`,
  };
}

/** Sentences name settings and values between backticks. */
function withCode(sentence: string): Html {
  return html`${sentence.split('`').map((text, at) => (at % 2 === 1 ? html`<code>${text}</code>` : text))}`;
}
