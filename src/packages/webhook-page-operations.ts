import type { PageOperation } from '#web/serving/routes.ts';
import type { PermissionName } from './policy.ts';
import type { SubjectName } from './subjects.ts';

/** The pages of webhooks, and what their forms send to. */
export const webhookPageOperations = {
  showWebhooks: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/+webhooks',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'The webhooks of an index, and a form for a new one.',
  },
  sendNewWebhook: {
    audience: 'browser',
    method: 'POST',
    path: '/:user/:index/+webhooks',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Add a webhook of an index, and show its secret this once.',
  },
  showWebhook: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/+webhooks/:id',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'A webhook of an index with what became of its last deliveries.',
  },
  sendWebhookTest: {
    audience: 'browser',
    method: 'POST',
    path: '/:user/:index/+webhooks/:id/+test',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Send a webhook of an index something now.',
  },
  showWebhookRemoval: {
    audience: 'browser',
    method: 'GET',
    path: '/:user/:index/+webhooks/:id/+remove',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Ask before a webhook of an index is removed.',
  },
  sendWebhookRemoval: {
    audience: 'browser',
    method: 'POST',
    path: '/:user/:index/+webhooks/:id/+remove',
    permission: 'packages.modify-index',
    subject: 'index',
    summary: 'Remove a webhook of an index.',
  },
  showServerWebhooks: {
    audience: 'browser',
    method: 'GET',
    path: '/+webhooks',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'The webhooks of the whole server, and a form for a new one.',
  },
  sendNewServerWebhook: {
    audience: 'browser',
    method: 'POST',
    path: '/+webhooks',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'Add a webhook of the whole server, and show its secret this once.',
  },
  showServerWebhook: {
    audience: 'browser',
    method: 'GET',
    path: '/+webhooks/:id',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'A webhook of the whole server with what became of its last deliveries.',
  },
  sendServerWebhookTest: {
    audience: 'browser',
    method: 'POST',
    path: '/+webhooks/:id/+test',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'Send a webhook of the whole server something now.',
  },
  showServerWebhookRemoval: {
    audience: 'browser',
    method: 'GET',
    path: '/+webhooks/:id/+remove',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'Ask before a webhook of the whole server is removed.',
  },
  sendServerWebhookRemoval: {
    audience: 'browser',
    method: 'POST',
    path: '/+webhooks/:id/+remove',
    permission: 'packages.manage-server-webhooks',
    subject: 'no-index',
    summary: 'Remove a webhook of the whole server.',
  },
} as const satisfies Record<
  string,
  PageOperation & { readonly permission: PermissionName; readonly subject: SubjectName }
>;
