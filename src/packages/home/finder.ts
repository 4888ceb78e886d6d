import type { Finder } from '#web/panels.ts';
import type { PackagesContext } from '../context.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import { searchProjects } from '../search/search-projects.ts';

/** Projects by name and summary, for the search of all parts. */
export function projectFinder(context: PackagesContext, lists: ProjectLists): Finder {
  return {
    title: 'Projects',
    async find({ identity }, { text, page, limit }) {
      const search = { text, index: undefined, page, limit, identity };
      const { results, total, isComplete } = await searchProjects(context, lists, search);
      const all = results.map(({ index, project, version, summary, type, texts, moreTexts }) => ({
        href: `/${index.split('/').map(encodeURIComponent).join('/')}/${project}`,
        label: project,
        place: index,
        ...(version !== null && { detail: version }),
        ...(summary !== '' && { summary }),
        ...(type === 'mirror' && { badge: 'mirror' }),
        ...(texts.length > 0 && {
          excerpts: [
            ...texts.map(({ where, title, path, excerpt }) => ({
              label: title === '' ? where : title,
              ...(path !== '' && { href: path }),
              text: excerpt,
            })),
            ...(moreTexts > 0 ? [{ label: `${moreTexts} more`, text: '' }] : []),
          ],
        }),
      }));
      return { all, total, isComplete };
    },
  };
}
