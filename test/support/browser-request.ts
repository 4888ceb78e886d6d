import { multipart } from './multipart.ts';
import { basic, type Auth, type TestApp, type TestResponse } from './app.ts';

const ACCEPT = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

export interface BrowserOptions {
  readonly auth?: Auth | undefined;
  /** `same-origin` unless the form is on a page of somebody else. */
  readonly site?: string;
}

/** Asks as a browser does that shows a page. */
export function see(app: TestApp, path: string, { auth }: BrowserOptions = {}): Promise<TestResponse> {
  return app.get(path, { accept: ACCEPT, ...(auth && { authorization: basic(auth) }) });
}

/** Sends a form as a browser does from a page of ours. */
export function submit(
  app: TestApp,
  path: string,
  fields: Readonly<Record<string, string>>,
  { auth, site = 'same-origin' }: BrowserOptions = {},
): Promise<TestResponse> {
  return app.request('POST', path, {
    auth,
    body: new URLSearchParams(fields).toString(),
    headers: {
      accept: ACCEPT,
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': site,
    },
  });
}

/** Sends a file as the form of a page does that asks for nothing else. */
export function submitFile(
  app: TestApp,
  path: string,
  { filename, content }: { readonly filename: string; readonly content: Buffer },
  { auth, site = 'same-origin' }: BrowserOptions = {},
): Promise<TestResponse> {
  const form = multipart({}, [{ name: 'content', filename, value: content }]);
  return app.request('POST', path, { auth, form, headers: { accept: ACCEPT, 'sec-fetch-site': site } });
}

/** The values that the fields of a page's form have, as a browser would send them. */
export function formValues(page: string): Record<string, string> {
  const values: Record<string, string> = {};
  const decode = (text: string) =>
    text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&');
  const form = /<form\s+class="form"[^]*?<\/form>/.exec(page)?.[0] ?? '';
  for (const [tag, attributes = ''] of form.matchAll(/<input\s([^>]*)>/g)) {
    const name = /\bname="([^"]*)"/.exec(attributes)?.[1];
    const isUnchecked = /type="(?:checkbox|radio)"/.test(tag) && !/\schecked\b/.test(tag);
    if (name !== undefined && !isUnchecked)
      values[name] = decode(/\bvalue="([^"]*)"/.exec(attributes)?.[1] ?? '');
  }
  for (const [, attributes = '', text = ''] of form.matchAll(/<textarea([^>]*)>([^]*?)<\/textarea>/g)) {
    values[/\bname="([^"]*)"/.exec(attributes)?.[1] ?? ''] = decode(text);
  }
  for (const [, attributes = '', options = ''] of form.matchAll(/<select([^>]*)>([^]*?)<\/select>/g)) {
    const chosen =
      /<option value="([^"]*)"[^>]*\sselected/.exec(options) ?? /<option value="([^"]*)"/.exec(options);
    values[/\bname="([^"]*)"/.exec(attributes)?.[1] ?? ''] = decode(chosen?.[1] ?? '');
  }
  return values;
}
