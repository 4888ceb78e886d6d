import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Refusal } from '#web/components/form.ts';
import type { PageAnswer } from '#web/page.ts';
import { readForm, refusalOf } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import type { PackagesContext } from '../context.ts';
import { NewWebhook } from '../contract.ts';
import type { Index } from '../model/index.ts';
import type { IndexSubject } from '../policy.ts';
import { webhookPageOperations as operations } from '../webhook-page-operations.ts';
import { addWebhook } from './add-webhook.ts';
import { getWebhook } from './get-webhook.ts';
import { addedWebhookPage, webhookPage, webhookRemovalPage, webhooksHref, webhooksPage } from './pages.ts';
import { removeWebhook } from './remove-webhook.ts';
import { listDeliveries, listWebhooks } from './store.ts';
import { testWebhook } from './test-webhook.ts';

const SHOWN_DELIVERIES = 50;

/** Pages of webhooks: those of indexes, and those of the server. */
export function webhookPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  const { db } = context;

  async function list(
    { identity }: FastifyRequest,
    index: Index | undefined,
    { input = {}, refusal }: { input?: Readonly<Record<string, string>>; refusal?: Refusal } = {},
  ): Promise<PageAnswer> {
    const webhooks = await listWebhooks(db, index?.id);
    return webhooksPage({ index, webhooks, isRoot: identity.user === 'root', input, refusal });
  }

  async function add(request: FastifyRequest, index: Index | undefined): Promise<PageAnswer> {
    const { identity } = request;
    const input = readForm(request);
    try {
      const events = (input['events'] ?? '').split(/[\s,]+/).filter((each) => each !== '');
      const { url, events: wanted } = NewWebhook.parse({ url: input['url'] ?? '', events });
      const added = await addWebhook(context, { identity, index, url, events: wanted });
      return addedWebhookPage({ index, ...added });
    } catch (error) {
      return await list(request, index, { input, refusal: webhookRefusal(error) });
    }
  }

  async function show(index: Index | undefined, id: string): Promise<PageAnswer> {
    const webhook = await getWebhook(db, index, id);
    return webhookPage({ index, webhook, deliveries: await listDeliveries(db, id, SHOWN_DELIVERIES) });
  }

  async function test(
    { identity }: FastifyRequest,
    index: Index | undefined,
    id: string,
  ): Promise<PageAnswer> {
    await testWebhook(context, { identity, index, id });
    return { seeOther: webhooksHref(index, id) };
  }

  async function ask(index: Index | undefined, id: string): Promise<PageAnswer> {
    return webhookRemovalPage(index, await getWebhook(db, index, id));
  }

  async function remove(
    { identity }: FastifyRequest,
    index: Index | undefined,
    id: string,
  ): Promise<PageAnswer> {
    await removeWebhook(context, { identity, index, id });
    return { seeOther: webhooksHref(index) };
  }

  page(app, context, operations.showServerWebhooks, (request) => list(request, undefined));
  page(app, context, operations.sendNewServerWebhook, (request) => add(request, undefined));
  page(app, context, operations.showServerWebhook, (_request, { id }) => show(undefined, id));
  page(app, context, operations.sendServerWebhookTest, (request, { id }) => test(request, undefined, id));
  page(app, context, operations.showServerWebhookRemoval, (_request, { id }) => ask(undefined, id));
  page(app, context, operations.sendServerWebhookRemoval, (request, { id }) =>
    remove(request, undefined, id),
  );

  type OfIndex = '/:user/:index/+webhooks';
  type OfOne = '/:user/:index/+webhooks/:id';
  page<OfIndex, IndexSubject>(app, context, operations.showWebhooks, (request, _params, { index }) =>
    list(request, index),
  );
  page<OfIndex, IndexSubject>(app, context, operations.sendNewWebhook, (request, _params, { index }) =>
    add(request, index),
  );
  page<OfOne, IndexSubject>(app, context, operations.showWebhook, (_request, { id }, { index }) =>
    show(index, id),
  );
  page<`${OfOne}/+test`, IndexSubject>(
    app,
    context,
    operations.sendWebhookTest,
    (request, { id }, { index }) => test(request, index, id),
  );
  page<`${OfOne}/+remove`, IndexSubject>(
    app,
    context,
    operations.showWebhookRemoval,
    (_request, { id }, { index }) => ask(index, id),
  );
  page<`${OfOne}/+remove`, IndexSubject>(
    app,
    context,
    operations.sendWebhookRemoval,
    (request, { id }, { index }) => remove(request, index, id),
  );
}

/** Why it was not added, at the field where it is known. */
function webhookRefusal(error: unknown): Refusal {
  const refusal = refusalOf(error);
  const field = error instanceof AppError ? /^'(url|events)' /.exec(error.message)?.[1] : undefined;
  return field === undefined ? refusal : { ...refusal, fields: { [field]: refusal.message ?? '' } };
}
