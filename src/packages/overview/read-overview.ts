import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PackagesContext } from '../context.ts';
import { isPrivate, readReading, viewOf, type View } from '../inheritance/reading.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import type { Index } from '../model/index.ts';
import { indexSubject, isRestricted, policy } from '../policy.ts';
import { markPrivate } from '../private-answer.ts';
import { treeOfBases, type BaseNode } from './base-tree.ts';
import { countProjects } from './store.ts';

/** What every page of an index shows. */
export interface Overview {
  readonly view: View;
  readonly index: Index;
  readonly isRestricted: boolean;
  readonly nodes: readonly BaseNode[];
  /** The outside address of the index. */
  readonly url: string;
  readonly reader: string | undefined;
  /** What the reader may do here. */
  readonly may: { readonly upload: boolean; readonly modify: boolean; readonly remove: boolean };
}

/** Reads it, and keeps shared caches from what is not for everybody. Throws 401, 403 or 404. */
export async function readOverview(
  context: PackagesContext,
  lists: ProjectLists,
  {
    request,
    reply,
    params,
  }: {
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
    readonly params: { readonly user: string; readonly index: string };
  },
): Promise<Overview> {
  const { identity } = request;
  const reading = await readReading(context, { user: params.user, name: params.index });
  if (isPrivate(reading)) markPrivate(reply.raw);
  const view = viewOf(context, reading, identity);
  const { index } = view;
  const counts = new Map(await countProjects(context.db, view.order));
  for (const mirror of view.order.filter(({ type }) => type === 'mirror')) {
    const listed = await lists.countKnown(mirror);
    if (listed !== undefined) counts.set(mirror.id, listed);
  }
  const may = (permission: 'packages.upload' | 'packages.modify-index' | 'packages.remove') =>
    policy.isAllowed(context, identity, permission, indexSubject(index));
  return {
    view,
    index,
    isRestricted: isRestricted(context, index),
    nodes: treeOfBases(view.order, { hidden: view.hidden, counts }),
    url: `${request.outsideUrl}/${params.user}/${params.index}`,
    reader: identity.user,
    may: {
      upload: index.type === 'stage' && may('packages.upload'),
      modify: may('packages.modify-index'),
      remove: may('packages.remove'),
    },
  };
}
