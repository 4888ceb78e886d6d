import { copyable } from '#web/components/copyable.ts';
import { empty } from '#web/components/empty.ts';
import { postButton } from '#web/components/form.ts';
import { heading } from '#web/components/heading.ts';
import { table } from '#web/components/table.ts';
import { time } from '#web/components/time.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { buildHref } from '../model/build-href.ts';
import type { KnownBuilder } from './read-builders.ts';
import { builderState } from './state-words.ts';
import type { BuilderState } from './store.ts';

/** The builders, and what can be done with them. */
export function buildersPage(builders: readonly KnownBuilder[]): Page {
  return {
    title: ['Builders'],
    section: 'builds',
    body: html`${heading([{ label: 'Builds', href: '/+builds' }, { label: 'Builders' }], {
      summary: 'Programs that ask for builds; each says what it can build for.',
    })}
    ${
      builders.length === 0
        ? empty(
            html`<strong>No builder has come yet.</strong> Start one on a machine with the Pythons to build for:`,
            copyable('wheelhouse builder', 'the command that starts a builder'),
          )
        : html`${table({
            caption: 'Builders',
            rows: builders,
            columns: [
              { label: 'Builder', cell: ({ name }: KnownBuilder) => foreign(name) },
              { label: 'State', cell: builderState },
              { label: 'Builds', cell: workOf },
              { label: 'Targets', cell: targetsOf, isMinor: true },
              { label: 'Version', cell: ({ version }: KnownBuilder) => foreign(version), isMinor: true },
              { label: 'Seen', cell: ({ seenAt }: KnownBuilder) => time(seenAt), isMinor: true },
              { label: '', cell: changes, align: 'end' },
            ],
          })}
            <p class="soft">
              A paused builder ends its build and takes no other one until it is resumed; a drained one stops after it.
            </p>`
    }`,
  };
}

function workOf({ build }: KnownBuilder): Html {
  if (build === undefined) return html`<span class="mute">nothing</span>`;
  return html`<a href="${buildHref(build)}">${build.project} ${foreign(build.version)}</a>`;
}

function targetsOf({ targets }: KnownBuilder): Html {
  return html`${targets.map((target, at) => html`${at > 0 && ', '}<code>${target}</code>`)}`;
}

function changes({ name, state }: KnownBuilder): Html {
  const to = (next: BuilderState, label: string) =>
    postButton(`/+builders/${encodeURIComponent(name)}`, html`${label}<span class="hidden"> ${name}</span>`, {
      state: next,
    });
  if (state === 'paused') return to('active', 'Resume');
  if (state === 'draining') return html`<span class="mute">stops</span>`;
  return html`${to('paused', 'Pause')} ${to('draining', 'Drain')}`;
}
