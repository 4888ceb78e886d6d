import type { ErrorKind } from '#kernel/errors/app-error.ts';
import type { Part } from '#kernel/part.ts';
import { cliErrors } from '../../src/cli/errors.ts';
import { errorsOf } from '../../src/parts.ts';
import { pythonErrors } from '../../src/python/errors.ts';
import { generatedFrom, page } from './markdown.ts';

/** Every declared error, also those of what is no part. */
export function allErrors(parts: readonly Part[]): readonly ErrorKind[] {
  return [...errorsOf(parts), ...Object.values(pythonErrors), ...Object.values(cliErrors)];
}

/** docs/reference/errors.md */
export function renderErrors(parts: readonly Part[]): string {
  const byPart = Map.groupBy(allErrors(parts), ({ code }) => code.split('.')[0] ?? '');
  return page(
    generatedFrom('src/kernel/errors/kernel-errors.ts', 'every errors.ts'),
    '# Errors',
    'Every failure has a kind, which has a code that does not change, and a detail that says what happened this time. ' +
      'Nothing was changed by a request that ended with an error.',
    'Clients get the form that they show to their users: problem details (RFC 9457) as `application/problem+json` or ' +
      '`application/json`, a page for browsers, or one line of text for upload forms; the HTTP/1.1 reason phrase has the ' +
      'detail too, since twine and pip print it. Commands print `error:` and `hint:` and exit with 1, or with 2 when ' +
      'the failure is a defect of Wheelhouse.',
    [
      '```json',
      JSON.stringify(
        {
          title: 'The file exists with other contents',
          status: 409,
          detail: 'demo-1.0-py3-none-any.whl already exists in non-volatile index',
          message: 'demo-1.0-py3-none-any.whl already exists in non-volatile index',
          code: 'packages.file-exists',
          hint: 'raise the version, or upload to a volatile index',
        },
        null,
        2,
      ),
      '```',
    ].join('\n'),
    '`message` repeats `detail` for devpi-client. Hints may be more exact than the ones below.',
    ...[...byPart].flatMap(([part, kinds]) => [
      `## ${part}`,
      ...kinds.map(({ code, status, title, hint, meaning = '' }) => {
        const hints = hint === undefined ? '' : `\n\nHint: ${hint}.`;
        const shown = part === 'cli' ? title : `${status} ${title}`;
        return `### ${code}\n\n**${shown}.** ${meaning}${hints}`;
      }),
    ]),
  );
}
