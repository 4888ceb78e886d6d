import type { FastifyInstance } from 'fastify';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { BuildsContext } from '../context.ts';
import { NewBuilder, operations } from '../contract.ts';
import { findRunningOf } from '../records/store.ts';
import { buildsConfig } from '../settings.ts';
import { changeBuilder } from './change-builder.ts';
import { isSilent } from './is-silent.ts';
import { registerBuilder } from './register.ts';
import { listBuilders } from './store.ts';

/** Builders: those that there are, and their registration. */
export function builderRoutes(app: FastifyInstance, context: BuildsContext): void {
  const { db, config } = context;

  route(app, operations.registerBuilder, async (request, _params, reply) => {
    const registration = readBody(request, NewBuilder);
    await registerBuilder(context, { identity: request.identity, ...registration });
    const leaseSeconds = buildsConfig(config)['builds.lease-seconds'];
    await sendJson(reply, { name: registration.name, leaseSeconds });
  });

  route(app, operations.listBuilders, async (_request, _params, reply) => {
    const builders: unknown[] = [];
    for (const builder of await listBuilders(db)) {
      const { name, version, targets, state, seenAt, registeredAt } = builder;
      const build = await findRunningOf(db, name);
      builders.push({
        name,
        version,
        targets,
        state,
        isSilent: isSilent(context, builder),
        seen: new Date(seenAt).toISOString(),
        registered: new Date(registeredAt).toISOString(),
        build:
          build === undefined
            ? null
            : (({ id, project, version: built, target }) => ({ id, project, version: built, target }))(build),
      });
    }
    await sendJson(reply, { builders });
  });

  route(app, operations.changeBuilder, async (request, { name }, reply) => {
    const { state } = readBody(request, operations.changeBuilder.request);
    await changeBuilder(context, { identity: request.identity, name, state });
    await sendJson(reply, { message: `builder ${name} is ${state}` });
  });
}
