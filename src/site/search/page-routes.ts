import type { FastifyInstance } from 'fastify';
import type { PackagesContext } from '#packages';
import { PAGE_SIZE, pageNumber } from '#web/components/table.ts';
import { page } from '#web/serving/routes.ts';
import { pageOperations } from '../page-operations.ts';
import { searchPage, suggestions } from './pages.ts';

const SUGGESTED = 8;

/** What is found over all parts, and the options below the field in the bar. */
export function searchPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  const { finders } = context.web;

  page(app, context, pageOperations.showSearch, async ({ identity, outsideUrl, query, url }) => {
    const text = textOf(query);
    const number = pageNumber(query);
    const asked = text.trim() === '' ? [] : finders;
    const groups = await Promise.all(
      asked.map(async (finder) => ({
        title: finder.title,
        ...(await finder.find({ identity, outsideUrl }, { text, page: number, limit: PAGE_SIZE })),
      })),
    );
    return searchPage({ text, groups, page: number, here: url });
  });

  page(app, context, pageOperations.showSuggestions, async ({ identity, outsideUrl, query }) => {
    const text = textOf(query);
    const found = await Promise.all(
      finders.map((finder) => finder.find({ identity, outsideUrl }, { text, page: 1, limit: SUGGESTED })),
    );
    const total = found.reduce((sum, each) => sum + each.total, 0);
    const all = found.flatMap((each) => each.all).slice(0, SUGGESTED);
    return { fragment: suggestions({ text, all, total }) };
  });
}

function textOf(query: unknown): string {
  const { q } = query as Readonly<Record<string, unknown>>;
  // Half a character, which a cut may leave, has no place in an address.
  return typeof q === 'string' ? q.slice(0, 200).toWellFormed() : '';
}
