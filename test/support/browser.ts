import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { debianPath } from './clients.ts';

export interface TabOptions {
  /** CSS pixels; 1280 without it. */
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
  /** False for a browser without scripts. */
  readonly hasScripts?: boolean;
}

/** A real browser; each tab has cookies of its own. */
export interface TestBrowser extends AsyncDisposable {
  /** A tab of a fresh profile. Errors on its console and requests to other servers fail `expectClean`. */
  tab(baseUrl: string, options?: TabOptions): Promise<Tab>;
}

export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Fails if axe finds anything, the console has errors, or anything was asked of another server. */
  expectClean(): Promise<void>;
  /** Fails if the page scrolls sideways. */
  expectFits(): Promise<void>;
}

/** Starts Debian's Chromium without a window. These host names lead it to this machine, as names of a local network would. */
export async function startBrowser(hosts: readonly string[] = []): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: debianPath('chromium'),
    // Chromium's sandbox refuses to run as root.
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...(hosts.length > 0
        ? [`--host-resolver-rules=${hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',')}`]
        : []),
    ],
  });
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

  async function tab(baseUrl: string, options: TabOptions = {}): Promise<Tab> {
    const { width = 1280, theme = 'light', hasScripts = true } = options;
    const context = await browser.newContext({
      baseURL: baseUrl,
      viewport: { width, height: 900 },
      colorScheme: theme,
      javaScriptEnabled: hasScripts,
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      // The browser reports every status above 399 as an error; which is expected is for the test to say.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
        problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(baseUrl)) problems.push(`asked for ${request.url()}`);
    });

    return {
      page,
      context,
      async expectClean() {
        expect(problems, page.url()).toEqual([]);
        if (!hasScripts) return;
        // The policy of our pages refuses script elements; what the debugger evaluates runs all the same.
        await page.evaluate(axe);
        const found = await page.evaluate(async () => {
          const { axe: run } = globalThis as unknown as {
            axe: {
              run(): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }>;
            };
          };
          return (await run.run()).violations.map(({ id, help, nodes }) => [
            id,
            help,
            nodes.map((node) => node.html.slice(0, 200)),
          ]);
        });
        expect(found, page.url()).toEqual([]);
      },
      async expectFits() {
        const { scroll, client } = await page
          .locator('html')
          .evaluate(({ scrollWidth, clientWidth }) => ({ scroll: scrollWidth, client: clientWidth }));
        expect(scroll, `${page.url()} at ${width}`).toBeLessThanOrEqual(client);
      },
    };
  }

  return { tab, [Symbol.asyncDispose]: () => browser.close() };
}
