import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { PackagesContext } from '../context.ts';
import { NewWebhook, operations } from '../contract.ts';
import type { Index } from '../model/index.ts';
import type { IndexSubject } from '../policy.ts';
import { addWebhook } from './add-webhook.ts';
import { getWebhook } from './get-webhook.ts';
import { removeWebhook } from './remove-webhook.ts';
import { showDelivery, showWebhook } from './show-webhook.ts';
import { listDeliveries, listWebhooks } from './store.ts';
import { testWebhook } from './test-webhook.ts';

const SHOWN_DELIVERIES = 50;

/** Webhooks of indexes, and those of the server: the same, but for what they are told of. */
export function webhookRoutes(app: FastifyInstance, context: PackagesContext): void {
  const { db } = context;

  async function list(reply: FastifyReply, index: Index | undefined) {
    const webhooks = await listWebhooks(db, index?.id);
    await sendJson(reply, { type: 'list:webhook', result: webhooks.map((each) => showWebhook(each, index)) });
  }

  async function add(request: FastifyRequest, reply: FastifyReply, index: Index | undefined) {
    const { url, events } = readBody(request, NewWebhook);
    const { identity } = request;
    const { webhook, secret } = await addWebhook(context, { identity, index, url, events });
    const result = { ...showWebhook(webhook, index), secret };
    await sendJson(reply.header('cache-control', 'no-store'), { type: 'webhook', result }, 201);
  }

  async function read(reply: FastifyReply, index: Index | undefined, id: string) {
    const webhook = await getWebhook(db, index, id);
    const deliveries = await listDeliveries(db, id, SHOWN_DELIVERIES);
    const result = { ...showWebhook(webhook, index), deliveries: deliveries.map(showDelivery) };
    await sendJson(reply, { type: 'webhook', result });
  }

  async function remove(
    { identity }: FastifyRequest,
    reply: FastifyReply,
    index: Index | undefined,
    id: string,
  ) {
    await removeWebhook(context, { identity, index, id });
    await sendJson(reply, { message: `webhook '${id}' removed` });
  }

  async function test(
    { identity }: FastifyRequest,
    reply: FastifyReply,
    index: Index | undefined,
    id: string,
  ) {
    const delivery = await testWebhook(context, { identity, index, id });
    await sendJson(reply, { type: 'delivery', result: showDelivery(delivery) });
  }

  route(app, operations.listServerWebhooks, (_request, _params, reply) => list(reply, undefined));
  route(app, operations.addServerWebhook, (request, _params, reply) => add(request, reply, undefined));
  route(app, operations.readServerWebhook, (_request, { id }, reply) => read(reply, undefined, id));
  route(app, operations.removeServerWebhook, (request, { id }, reply) =>
    remove(request, reply, undefined, id),
  );
  route(app, operations.testServerWebhook, (request, { id }, reply) => test(request, reply, undefined, id));

  route<string, IndexSubject>(app, operations.listWebhooks, (_request, _params, reply, { index }) =>
    list(reply, index),
  );
  route<string, IndexSubject>(app, operations.addWebhook, (request, _params, reply, { index }) =>
    add(request, reply, index),
  );
  route<typeof operations.readWebhook.path, IndexSubject>(
    app,
    operations.readWebhook,
    (_request, { id }, reply, { index }) => read(reply, index, id),
  );
  route<typeof operations.removeWebhook.path, IndexSubject>(
    app,
    operations.removeWebhook,
    (request, { id }, reply, { index }) => remove(request, reply, index, id),
  );
  route<typeof operations.testWebhook.path, IndexSubject>(
    app,
    operations.testWebhook,
    (request, { id }, reply, { index }) => test(request, reply, index, id),
  );
}
