import { z } from 'zod';
import { WHEELHOUSE_VERSION } from '../version.ts';
import type { Operation, Operations } from './operation.ts';

/** The HTTP interface as OpenAPI 3.1, made from the contracts. PUSH has no place in OpenAPI; POST does the same. Pages are left out. */
export function describeOpenApi(operations: Operations): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, operation] of Object.entries(operations)) {
    if (operation.method === 'PUSH' || operation.audience !== undefined) continue;
    const path = operation.path.replace(/:(\w+)/g, '{$1}').replace('*', '{relpath}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(name, operation, path) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Wheelhouse',
      version: WHEELHOUSE_VERSION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
    security: [{}, { basic: [] }, { bearer: [] }],
  };
}

function describe(name: string, operation: Operation, path: string): Record<string, unknown> {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    operationId: name,
    summary: operation.summary,
    parameters,
    ...(operation.request && { requestBody: { content: json(operation.request) } }),
    responses: {
      '2XX': { description: 'Success', content: successContent(operation) },
      default: {
        description: 'An error',
        content: { 'application/problem+json': { schema: PROBLEM }, 'application/json': { schema: PROBLEM } },
      },
    },
  };
}

function successContent({ produces, response }: Operation): Record<string, unknown> {
  if (produces !== undefined)
    return Object.fromEntries(produces.map((type) => [type, { schema: { type: 'string' } }]));
  return response === undefined ? {} : json(response);
}

function json(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { unrepresentable: 'any' });
  return { 'application/json': { schema: described } };
}

/** RFC 9457 with the fields that our clients read. */
const PROBLEM = {
  type: 'object',
  required: ['title', 'status', 'detail', 'message', 'code'],
  properties: {
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    message: { type: 'string', description: 'The same as detail, where devpi-client looks for it.' },
    code: { type: 'string', description: 'See docs/reference/errors.md.' },
    hint: { type: 'string' },
  },
};
