import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Refusal } from '#web/components/form.ts';
import { pageNumber } from '#web/components/table.ts';
import { visible } from '#web/html.ts';
import type { Page } from '#web/page.ts';
import { readForm, refusalOf } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { indexPageOperations } from '../index-page-operations.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import { indexHref } from '../model/index-href.ts';
import { fullName, listOption, type Index } from '../model/index.ts';
import { listProjects } from '../overview/list-projects.ts';
import { indexPage } from '../overview/pages.ts';
import { previewChange, type Preview } from '../overview/preview-change.ts';
import { readOverview } from '../overview/read-overview.ts';
import { pageOperations } from '../page-operations.ts';
import { mayRead, policy } from '../policy.ts';
import { countKept } from '../removal/store.ts';
import { listReadableIndexes } from '../users/list-readable-indexes.ts';
import { checkBases, createIndex } from './create-index.ts';
import { deleteIndex } from './delete-index.ts';
import { getIndex } from './find.ts';
import { indexesPage } from './list-pages.ts';
import { modifyIndex } from './modify-index.ts';
import { deleteIndexPage, newIndexPage, settingsForm } from './pages.ts';
import { entriesIn, readSettings, WrongFields, type SettingsChange } from './settings-form.ts';
import { listIndexes } from './store.ts';

interface IndexParams {
  readonly user: string;
  readonly index: string;
}

/** Pages of indexes: all of them, making, changing and deleting one. */
export function indexPageRoutes(app: FastifyInstance, context: PackagesContext, lists: ProjectLists): void {
  const { db } = context;

  page(app, context, pageOperations.showIndexes, async ({ identity, query, url }) =>
    indexesPage({
      indexes: await listReadableIndexes(db, (index) => mayRead(context, identity, index)),
      page: pageNumber(query),
      here: url,
      reader: identity.user,
    }),
  );

  const mayMirror = ({ identity }: FastifyRequest, user: string) =>
    policy.isAllowed(context, identity, 'packages.choose-upstream', { user, name: user });

  page(app, context, indexPageOperations.showNewIndex, async (request, { user }) => {
    const hasMirror = (await listIndexes(db, 'root')).some(({ name }) => name === 'pypi');
    const input = { volatile: 'yes', ...(hasMirror && { bases: 'root/pypi' }) };
    return newIndexPage({ user, input, mayMirror: mayMirror(request, user) });
  });

  page(app, context, indexPageOperations.sendNewIndex, async (request, { user }) => {
    const input = readForm(request);
    const name = (input['name'] ?? '').trim();
    try {
      const isMirror = input['type'] === 'mirror';
      const index = await createIndex(context, {
        identity: request.identity,
        user,
        name,
        given: {
          type: input['type'] ?? 'stage',
          volatile: input['volatile'] === 'yes',
          ...(input['title'] && { title: input['title'] }),
          ...(isMirror
            ? { mirror_url: input['mirror_url'] ?? '' }
            : { bases: entriesIn(input['bases'] ?? '') }),
        },
      });
      return { seeOther: indexHref(index) };
    } catch (error) {
      const refusal = indexRefusal(error);
      return newIndexPage({ user, input, mayMirror: mayMirror(request, user), refusal });
    }
  });

  page(app, context, indexPageOperations.showSettings, async (request, params, _subject, reply) =>
    settingsPage({ request, params, reply }, (index) => settingsForm(index, {})),
  );

  page(app, context, indexPageOperations.sendSettings, async (request, params, _subject, reply) => {
    const { identity } = request;
    const input = readForm(request);
    const index = await getIndex(db, params.user, params.index);
    try {
      const change = readSettings(index, input);
      const { bases } = change.set;
      if (Array.isArray(bases)) {
        const known = listOption(index, 'bases');
        await checkBases(context, db, { identity, bases: bases as readonly string[], known });
      }
      const preview = await previewOf(index, change);
      const confirmation = nameOf(index, change);
      if (preview.facts.length > 0 && input['confirmation'] !== confirmation) {
        return await settingsPage({ request, params, reply }, (shown) =>
          settingsForm(shown, { input, preview, confirmation }),
        );
      }
      await modifyIndex(context, {
        identity,
        user: params.user,
        name: params.index,
        body: change.set,
        drop: change.drop,
        errorOnNoop: false,
      });
      return { seeOther: indexHref(index, '+settings') };
    } catch (error) {
      const refusal = indexRefusal(error);
      return await settingsPage(
        { request, params, reply },
        (shown) => settingsForm(shown, { input, refusal }),
        422,
      );
    }
  });

  async function previewOf(index: Index, { set, drop }: SettingsChange): Promise<Preview> {
    const options = Object.entries({ ...index.options, ...set }).filter(([name]) => !drop.includes(name));
    return await previewChange(context, index, Object.fromEntries(options));
  }

  async function settingsPage(
    asked: {
      readonly request: FastifyRequest;
      readonly params: IndexParams;
      readonly reply: FastifyReply;
    },
    content: (index: Index) => Page['body'],
    status?: number,
  ): Promise<Page> {
    const overview = await readOverview(context, lists, asked);
    const { counts } = await listProjects(context, overview.view, {
      scope: 'own',
      filter: '',
      sort: 'name',
      page: 1,
    });
    return indexPage(overview, {
      side: 'settings',
      counts,
      content: content(overview.index),
      ...(status !== undefined && { status }),
    });
  }

  page(app, context, indexPageOperations.showIndexDeletion, async (_request, params) => {
    const index = await getIndex(db, params.user, params.index);
    return deleteIndexPage(index, await contentsOf(index));
  });

  page(app, context, indexPageOperations.sendIndexDeletion, async (request, params) => {
    const index = await getIndex(db, params.user, params.index);
    try {
      if (readForm(request)['typed'] !== visible(fullName(index))) {
        throw new WrongFields({ fields: { typed: `This is not ${visible(fullName(index))}.` } });
      }
      await deleteIndex(context, { identity: request.identity, user: params.user, name: params.index });
      return { seeOther: `/${encodeURIComponent(params.user)}` };
    } catch (error) {
      return deleteIndexPage(index, await contentsOf(index), indexRefusal(error));
    }
  });

  async function contentsOf(index: Index) {
    const name = fullName(index);
    const heirs = (await listIndexes(db)).filter(
      (each) => each.id !== index.id && listOption(each, 'bases').includes(name),
    );
    return { ...(await countKept(db, index)), heirs: heirs.map(fullName) };
  }
}

/** Tells a change from every other, so that only what was shown is made. */
function nameOf(index: Index, change: SettingsChange): string {
  return createHash('sha256')
    .update(JSON.stringify([index.options, change]))
    .digest('hex')
    .slice(0, 16);
}

/** Why an index was not made or changed, at the field where it is known. */
function indexRefusal(error: unknown): Refusal {
  if (error instanceof WrongFields) return error.refusal;
  if (!(error instanceof AppError)) return refusalOf(error);
  const text = `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`;
  if (error.kind === packagesErrors.indexExists || /^indexname\b/.test(error.message))
    return { fields: { name: text } };
  if (/^(?:invalid base|base) index\b/.test(error.message)) return { fields: { bases: text } };
  const option = /^'([a-z_]+)' option\b/.exec(error.message)?.[1];
  return option === undefined ? refusalOf(error) : { fields: { [option]: text } };
}
