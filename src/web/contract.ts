import type { Operation } from '#kernel/http/operation.ts';

/** What every server with pages answers. */
export const webOperations = {
  readAsset: {
    method: 'GET',
    path: '/+static/*',
    permission: 'server.read-interface',
    subject: 'server',
    summary:
      'Sheet, script, icons and fonts of the pages; kept for ever, since the address names the content.',
    produces: ['text/css', 'text/javascript', 'image/svg+xml', 'font/woff2'],
  },
} as const satisfies Record<string, Operation>;
