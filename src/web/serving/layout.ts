import { WHEELHOUSE_VERSION } from '#kernel/version.ts';
import { icon } from '../components/icon.ts';
import type { Frame } from '../frame.ts';
import { escapeHtml } from '../escape-html.ts';
import { html, trusted, type Html } from '../html.ts';
import type { Page } from '../page.ts';
import { markupWithOutsidePath } from './outside-path.ts';

/** A whole document: a page within what all pages have. */
export function renderPage(frame: Frame, page: Page): string {
  const title = [...page.title, 'Wheelhouse'].join(' · ');
  const document = html`<!doctype html>
      <html lang="en" ${frame.theme === undefined ? '' : html` data-theme="${frame.theme}"`}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${title}</title>
          <link
            rel="preload"
            href="${frame.asset('fonts/source-sans-3.woff2')}"
            as="font"
            type="font/woff2"
            crossorigin
          />
          <link
            rel="preload"
            href="${frame.asset('fonts/ibm-plex-mono.woff2')}"
            as="font"
            type="font/woff2"
            crossorigin
          />
          <link rel="stylesheet" href="${frame.asset('site.css')}" />
          <link rel="icon" href="${frame.asset('favicon.svg')}" type="image/svg+xml" />
          ${script(frame.asset('site.js'))}
        </head>
        <body>
          <a class="skip" href="#main">Skip to the content</a>
          ${bar(frame, page.section)}
          <main id="main" tabindex="-1">${page.body}</main>
          <footer class="foot">
            <span>Wheelhouse ${WHEELHOUSE_VERSION}</span>
            <a href="/+status">Status</a>
            <button type="button" class="plain" data-keys-help hidden><kbd>?</kbd> keys</button>
          </footer>
        </body>
      </html>\n`;
  return markupWithOutsidePath(String(document), frame.outsidePath);
}

/** Not in a template: bundlers rewrite those that hold the end of a script. */
function script(address: string): Html {
  return trusted(`<script type="module" src="${escapeHtml(address)}"></${'script'}>`);
}

function bar(frame: Frame, section: string | undefined): Html {
  return html`<header class="bar">
    <a class="brand" href="/">${icon('wheel')} Wheelhouse</a>
    <nav aria-label="Parts">
      ${frame.navigation.map(
        (entry) =>
          html`<a href="${entry.href}" ${entry.section === section && html` aria-current="page"`}
            >${entry.label}</a
          >`,
      )}
    </nav>
    <form class="find" role="search" action="/+search" method="get">
      ${icon('search')}<input
        type="search"
        name="q"
        aria-label="Search"
        placeholder="Search packages"
        autocomplete="off"
        spellcheck="false"
        data-search
      /><kbd aria-hidden="true">/</kbd>
    </form>
    ${reader(frame)}
  </header>`;
}

function reader({ reader: user, here }: Frame): Html {
  if (user === undefined) {
    const next = here === '/' || here.startsWith('/+login') ? '' : `?next=${encodeURIComponent(here)}`;
    return html`<a class="reader" href="/+login${next}">${icon('log-in')} <span>Log in</span></a>`;
  }
  return html`<a class="reader" href="/+account">${icon('user')} <span>${user}</span></a>`;
}
