import type { FastifyInstance } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { chooseCoding } from '#kernel/http/accept.ts';
import { route } from '#kernel/http/route.ts';
import { assets } from '../assets.ts';
import { webOperations } from '../contract.ts';

/** What pages load: the address names the content, so that it may be kept for ever. */
export function assetRoutes(app: FastifyInstance): void {
  // Now, so that nobody waits for it at the first page.
  assets.find('');
  route(app, webOperations.readAsset, async (request, params, reply) => {
    const asset = assets.find(params['*']);
    if (asset === undefined) throw new AppError(kernelErrors.routeNotFound, 'there is no such file');
    const chosen = chooseCoding(request.headers['accept-encoding']);
    const coding = asset.forms[chosen] === undefined ? 'identity' : chosen;
    if (coding !== 'identity') void reply.header('content-encoding', coding);
    await reply
      .header('content-type', asset.type)
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('vary', 'Accept-Encoding')
      .header('x-content-type-options', 'nosniff')
      .header('cross-origin-resource-policy', 'same-origin')
      .send(asset.forms[coding]);
  });
}
