import { z } from 'zod';
import type { Identity } from '#kernel/identity.ts';
import type { Operation } from '#kernel/http/operation.ts';
import type { Part } from '#kernel/part.ts';
import { fields, type Schema } from './fields.ts';
import { readConfig } from '#kernel/config/read-config.ts';
import { operationsOf, settingsOf } from '../../src/parts.ts';
import { code, generatedFrom, page, table } from './markdown.ts';

/** docs/reference/http.md */
export function renderHttp(parts: readonly Part[]): string {
  const all = Object.entries(operationsOf(parts)).filter(([, { audience }]) => audience === undefined);
  return page(
    generatedFrom('the contract.ts of each part', 'the policy.ts of each part'),
    '# HTTP',
    'The interface of devpi-server 6.20, and what Wheelhouse adds. A running server describes it as OpenAPI 3.1 at ' +
      '`/+openapi.json`. Parameters are written `:name`; a slash at the end may follow or not.',
    '## Who asks',
    [
      'Credentials come as HTTP Basic (user and password), as HTTP Basic or Bearer with the token of `POST /+login` in ' +
        'the place of the password, or in `X-Devpi-Auth` as devpi-client sends them. With a token the user may be left out or ' +
        'be `__token__`. An API token (`POST /+tokens`) goes where that token goes. Wrong credentials count as none.',
      'A login token lasts ten hours. Changing the password ends every login of the user but the one that changed it.',
    ].join('\n\n'),
    '## Who may do what',
    'Each operation needs the permission in the table below. `listed` is a user whom the option `acl_upload` of the ' +
      'index names, also by `:AUTHENTICATED:`; with `:ANONYMOUS:` everybody is. The owner of a new index is listed. ' +
      'What everybody may read is for the readers of an index, its owner and root once `acl_read` names readers.',
    permissions(parts),
    '## Operations',
    table(
      ['method', 'path', 'permission', 'what it does'],
      all.map(([, { method, path, permission, summary }]) => [code(method), code(path), permission, summary]),
    ),
    '`PUSH` may also be sent as `POST` with a JSON body.',
    '## Bodies',
    'Requests and answers are JSON unless the operation says otherwise. devpi’s answers are wrapped: `type` names what ' +
      '`result` is. Operations that take nothing and answer with any object or a message are left out.',
    ...all.map(([name, operation]) => bodies(name, operation)),
    '## Answers of every operation',
    table(
      ['header', 'value'],
      [
        ['`X-DEVPI-SERIAL`', 'serial of the newest event that this process has heard'],
        ['`X-DEVPI-SERVER-VERSION`', 'the devpi-server whose interface is spoken'],
        ['`X-DEVPI-UUID`', 'the same for all servers of an installation'],
        ['`X-Request-Id`', 'to find the request in the log; not on pages and files from memory'],
      ],
    ),
    'Errors are described in [errors](errors.md).',
  );
}

const people: Readonly<Record<string, Identity>> = {
  anonymous: { user: undefined, groups: [] },
  'any user': { user: 'somebody', groups: [] },
  listed: { user: 'listed', groups: [] },
  owner: { user: 'owner', groups: [] },
  root: { user: 'root', groups: [] },
};

/** Asks the policies themselves, for an index of `owner` on which only `listed` may upload. */
function permissions(parts: readonly Part[]): string {
  // With the defaults of all settings.
  const config = readConfig(settingsOf(parts), { flags: { serverdir: '/nowhere' }, environment: {} });
  const index = { id: 1, user: 'owner', name: 'dev', type: 'stage', options: { acl_upload: ['listed'] } };
  const subject = { user: 'owner', name: 'owner/dev', index } as never;
  return table(
    ['permission', ...Object.keys(people), 'scope of API tokens'],
    parts.flatMap(({ policy }) =>
      Object.entries(policy.scopes).map(([permission, scope]) => [
        permission,
        ...Object.values(people).map((person) =>
          policy.isAllowed({ config }, person, permission, subject) ? 'yes' : '',
        ),
        scope ?? 'none will do',
      ]),
    ),
  );
}

function bodies(name: string, { method, path, request, response, produces }: Operation): string {
  const asked = request === undefined ? '' : fields(request, 'input');
  const answered = response === undefined ? '' : fields(response, 'output');
  const types =
    produces === undefined ? '' : `Answers with ${produces.map((type) => code(type)).join(', ')}.`;
  if (asked === '' && (answered === '' || isWrapping(response))) return '';
  return page(
    `### ${name}`,
    code(`${method} ${path}`),
    asked === '' ? '' : `Takes:\n\n${asked}`,
    answered === '' ? '' : `Answers:\n\n${answered}`,
    types,
  ).trimEnd();
}

/** True if the answer is devpi's envelope around any object, or a message. */
function isWrapping(type: z.ZodType | undefined): boolean {
  const { properties = {} } = z.toJSONSchema(type ?? z.object({}), { unrepresentable: 'any' }) as Schema;
  const { type: _type, message: _message, result, ...others } = properties;
  return Object.keys(others).length === 0 && Object.keys(result?.properties ?? {}).length === 0;
}
