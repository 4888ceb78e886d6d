import type { FastifyInstance } from 'fastify';
import { readBody } from '#kernel/http/json-body.ts';
import { route, sendJson } from '#kernel/http/route.ts';
import type { BuildsContext } from '../context.ts';
import { NewBuilder, operations } from '../contract.ts';
import { buildsConfig } from '../settings.ts';
import { changeBuilder } from './change-builder.ts';
import { readBuilders } from './read-builders.ts';
import { registerBuilder } from './register.ts';

/** Builders: those that there are, and their registration. */
export function builderRoutes(app: FastifyInstance, context: BuildsContext): void {
  const { config } = context;

  route(app, operations.registerBuilder, async (request, _params, reply) => {
    const registration = readBody(request, NewBuilder);
    await registerBuilder(context, { identity: request.identity, ...registration });
    const leaseSeconds = buildsConfig(config)['builds.lease-seconds'];
    await sendJson(reply, { name: registration.name, leaseSeconds });
  });

  route(app, operations.listBuilders, async (_request, _params, reply) => {
    const builders = (await readBuilders(context)).map(({ build, ...builder }) => ({
      name: builder.name,
      version: builder.version,
      targets: builder.targets,
      state: builder.state,
      isSilent: builder.isSilent,
      seen: new Date(builder.seenAt).toISOString(),
      registered: new Date(builder.registeredAt).toISOString(),
      build:
        build === undefined
          ? null
          : { id: build.id, project: build.project, version: build.version, target: build.target },
    }));
    await sendJson(reply, { builders });
  });

  route(app, operations.changeBuilder, async (request, { name }, reply) => {
    const { state } = readBody(request, operations.changeBuilder.request);
    await changeBuilder(context, { identity: request.identity, name, state });
    await sendJson(reply, { message: `builder ${name} is ${state}` });
  });
}
