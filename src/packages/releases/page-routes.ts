import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { postButton } from '#web/components/form.ts';
import { icon } from '#web/components/icon.ts';
import { pageNumber } from '#web/components/table.ts';
import { foreign, html, type Html } from '#web/html.ts';
import type { PageAnswer } from '#web/page.ts';
import { page, type PageOperation } from '#web/serving/routes.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import type { PackagesContext } from '../context.ts';
import { descriptionOf } from '../descriptions/description-source.ts';
import { findShownDocumentation } from '../documentation-pages/find-documentation.ts';
import { explainProject } from '../inheritance/explain.ts';
import { isPrivate, readReading, viewOf, type View } from '../inheritance/reading.ts';
import { indexUrl } from '../index-url.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { packagesErrors } from '../errors.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import { encodePathSegment } from '../model/file-path.ts';
import { fullName, listOption, type Index } from '../model/index.ts';
import type { UsedIndex } from '../overview/use-lines.ts';
import { pageOperations } from '../page-operations.ts';
import { indexSubject, isRestricted, mayRead, policy, type PermissionName } from '../policy.ts';
import { markPrivate } from '../private-answer.ts';
import { checkProjectName } from '../projects/check-project-name.ts';
import { releaseNotFound } from '../projects/release-not-found.ts';
import { findRelease, listProjectsNamed } from '../projects/store.ts';
import { listReadableIndexes } from '../users/list-readable-indexes.ts';
import { historyPage, releaseHistoryPage } from './history-pages.ts';
import { needsOf } from './metadata-facts.ts';
import { projectPage, whyPage, type ProjectTop } from './pages.ts';
import { indexHref, projectHref, type ProjectPlace } from './project-header.ts';
import { readHistory } from './read-history.ts';
import { findNamedVersion, readRelease, type ShownFile } from './read-release.ts';
import { readVersions, type VersionsOfProject } from './read-versions.ts';
import { dependenciesPage, filesPage, metadataPage, releasePage, type ReleaseTop } from './release-pages.ts';
import { testResultPage, testResultsPage } from './test-result-pages.ts';
import { readTests } from './tests-of-file.ts';
import { Outcomes } from '../tox-results/outcomes.ts';
import { readReport } from '../tox-results/read-report.ts';
import { indexesThatInherit } from './who-sees.ts';

/** How many results of a file its page lists: the newest. */
const MAX_LISTED = 100;

interface ReleaseParams {
  readonly version: string;
  /** Of a file that was tested. */
  readonly filename?: string;
  /** The name of what a test told. */
  readonly result?: string;
}

interface ProjectParams {
  readonly user: string;
  readonly index: string;
  readonly project: string;
}

/** Pages of projects and releases, for who may read what the API would tell them. */
export function releasePageRoutes(
  app: FastifyInstance,
  given: PackagesContext,
  mirrorFiles: MirrorFiles,
): void {
  const context = { ...given, mirrorFiles };
  const outcomes = new Outcomes(given.files);

  /** What the reader sees of the index. What is of a mirror may change without an event, and is not kept in memory. */
  async function readView(
    { identity }: FastifyRequest,
    { user, index: name }: ProjectParams,
    reply: FastifyReply,
  ): Promise<View> {
    const reading = await readReading(context, { user, name });
    if (isPrivate(reading)) markPrivate(reply.raw);
    const view = viewOf(context, reading, identity);
    if (view.order.some(({ type }) => type === 'mirror')) markPrivate(reply.raw);
    return view;
  }

  const isAllowed = ({ identity }: FastifyRequest, permission: PermissionName, index: Index) =>
    policy.isAllowed(context, identity, permission, indexSubject(index));

  const used = (request: FastifyRequest, { index, order }: View, project: string): UsedIndex => ({
    user: index.user,
    name: index.name,
    url: indexUrl(request.outsideUrl, index.user, index.name),
    isPrivate: isRestricted(context, index),
    hasMirror: order.some(({ type }) => type === 'mirror'),
    takesUploads: index.type === 'stage',
    project,
  });

  /** The page of a project under its normalized name, to which others are sent. */
  function projectRoute(
    operation: PageOperation & { readonly path: `${string}/:user/:index/${string}:project${string}` },
    below: (project: string, params: ProjectParams) => string,
    show: (request: FastifyRequest, view: View, place: ProjectPlace) => Promise<PageAnswer>,
  ): void {
    page(app, context, operation, async (request, given, _subject, reply) => {
      const params = given as unknown as ProjectParams;
      checkProjectName(params.project);
      const project = normalizeProjectName(params.project);
      const view = await readView(request, params, reply);
      const mark = request.url.indexOf('?');
      const query = mark < 0 ? '' : request.url.slice(mark);
      if (project !== params.project) return { seeOther: `${below(project, params)}${query}` };
      return await show(request, view, { index: view.index, project });
    });
  }

  async function topOf(
    request: FastifyRequest,
    view: View,
    place: ProjectPlace,
    versions: VersionsOfProject | undefined,
  ): Promise<ProjectTop> {
    const seen = view.order.filter(({ id, type }) => type === 'stage' && !view.hidden.has(id));
    const projects = await listProjectsNamed(
      context.db,
      place.project,
      seen.map(({ id }) => id),
    );
    const nearest = seen.flatMap(({ id }) => projects.find(({ indexId }) => indexId === id) ?? []).at(0);
    const mayUpload = view.index.type === 'stage' && isAllowed(request, 'packages.upload', view.index);
    return {
      place,
      displayName: nearest?.displayName ?? place.project,
      summary: undefined,
      counts: { versions: versions?.counts.all ?? 0 },
      newest: versions?.newest?.version,
      actions: [
        ...(await documentationLinks(view, place, 'latest')),
        request.identity.user !== undefined &&
          view.order.some(({ id, type }) => type === 'mirror' && !view.hidden.has(id)) &&
          postButton(projectHref(place, '+refresh'), html`${icon('refresh')} Refresh`),
        mayUpload &&
          html`<a class="button" href="${indexHref(view.index)}/+upload">${icon('upload')} Upload</a>`,
      ].filter((each) => each !== false),
    };
  }

  async function summaryOf(
    view: View,
    project: string,
    version: string | undefined,
  ): Promise<Html | undefined> {
    if (version === undefined) return undefined;
    for (const { id } of view.order.filter((each) => each.type === 'stage' && !view.hidden.has(each.id))) {
      const [found] = await listProjectsNamed(context.db, project, [id]);
      const release = found && (await findRelease(context.db, found.id, version));
      const summary = String(release?.metadata['summary'] ?? '');
      if (release !== undefined) return summary === '' ? undefined : foreign(summary.slice(0, 500));
    }
    return undefined;
  }

  projectRoute(
    pageOperations.showProject,
    (project, { user, index }) => projectHref({ index: { user, name: index }, project }),
    async (request, view, place) => {
      const number = pageNumber(request.query);
      const versions = await readVersions(context, view, { project: place.project, page: number });
      const top = await topOf(request, view, place, versions);
      const isOwn = versions.explanations.some(
        ({ index, files, isVisible }) => index === fullName(view.index) && isVisible && files >= 0,
      );
      return projectPage({
        top: { ...top, summary: await summaryOf(view, place.project, versions.newest?.version) },
        versions,
        used: used(request, view, place.project),
        page: number,
        here: request.url,
        danger:
          isOwn &&
          isAllowed(request, 'packages.remove', view.index) &&
          html`<a class="button bad" href="${projectHref(place, '+remove')}" data-confirm>Remove project…</a>`,
      });
    },
  );

  projectRoute(
    pageOperations.showWhy,
    (project, { user, index }) => `${indexHref({ user, name: index })}/+why/${project}`,
    async (request, view, place) => {
      const { project } = place;
      const explanations = await explainProject(context, view, { project, filename: undefined });
      const isSeen = explanations.some(({ isVisible }) => isVisible);
      const versions = isSeen ? await readVersions(context, view, { project, page: 1 }) : undefined;
      return whyPage({ top: await topOf(request, view, place, versions), explanations });
    },
  );

  projectRoute(
    pageOperations.showProjectHistory,
    (project, { user, index }) => projectHref({ index: { user, name: index }, project }, '+history'),
    async (request, view, place) => {
      const versions = await readVersions(context, view, { project: place.project, page: 1 });
      return historyPage({
        top: await topOf(request, view, place, versions),
        history: await readHistory(context, view, place),
      });
    },
  );

  /** A page of a release; `latest` and `stable` lead to the version that they name. */
  function releaseRoute(
    operation: PageOperation & { readonly path: `/:user/:index/:project/:version${string}` },
    tab: string | undefined,
    show: (
      request: FastifyRequest,
      view: View,
      top: ReleaseTop,
      reply: FastifyReply,
      params: Readonly<Record<string, string>>,
    ) => Promise<PageAnswer>,
  ): void {
    page(app, context, operation, async (request, given, _subject, reply) => {
      const params = given as unknown as ProjectParams & ReleaseParams;
      checkProjectName(params.project);
      const project = normalizeProjectName(params.project);
      const view = await readView(request, params, reply);
      const place = { index: view.index, project };
      const { version, filename, result } = params;
      const below = [tab, filename, result].filter((segment) => segment !== undefined);
      if (version === 'latest' || version === 'stable') {
        const named = await findNamedVersion(context, view, { project, name: version });
        if (named === undefined) throw releaseNotFound(project, version);
        return { seeOther: projectHref(place, named, ...below) };
      }
      if (project !== params.project) return { seeOther: projectHref(place, version, ...below) };
      const top = await releaseTop(request, view, place, version);
      return await show(request, view, top, reply, given);
    });
  }

  async function releaseTop(
    request: FastifyRequest,
    view: View,
    place: ProjectPlace,
    version: string,
  ): Promise<ReleaseTop> {
    const release = await readRelease(context, view, { project: place.project, version });
    const yank =
      release.yanked === undefined
        ? undefined
        : (await readHistory(context, view, { ...place, version })).events.find(({ type }) =>
            type.endsWith('.release-yanked'),
          );
    return {
      place,
      release,
      needs: needsOf(release.metadata),
      actions: [
        ...(await documentationLinks(view, place, version)),
        ...actionsOf(request, view, place, release),
      ],
      tests: new Map(),
      yankedBy: yank && { actor: yank.actor, at: yank.at },
    };
  }

  async function documentationLinks(view: View, place: ProjectPlace, version: string): Promise<Html[]> {
    const { project } = place;
    const found = await findShownDocumentation(context, view, { project, version });
    return found === undefined
      ? []
      : [html`<a class="button" href="${projectHref(place, version, '+d', 'index.html')}">Documentation</a>`];
  }

  function actionsOf(
    request: FastifyRequest,
    view: View,
    place: ProjectPlace,
    { from, version, files }: ReleaseTop['release'],
  ): Html[] {
    const link = (verb: string, label: string, tone = '') =>
      html`<a class="button ${tone}" href="${projectHref(place, version, verb)}" data-confirm>${label}</a>`;
    const isOwn = from.id === view.index.id && from.type === 'stage';
    const mayYank = isOwn && isAllowed(request, 'packages.yank', from);
    const mayRemove = isOwn && isAllowed(request, 'packages.remove', from);
    const own = files.filter((file) => file.from.id === from.id);
    const [first] = files;
    return [
      mayYank && own.some(({ yanked }) => yanked === undefined) && link('+yank', 'Yank…'),
      mayYank && own.some(({ yanked }) => yanked !== undefined) && link('+unyank', 'Take the yank back…'),
      mayRemove && link('+remove', 'Remove…', 'bad'),
      first !== undefined &&
        html`<a class="button" href="${files.length === 1 ? first.href : '#files'}">${icon('download')} Download</a>`,
    ].filter((each) => each !== false);
  }

  async function withTests(top: ReleaseTop): Promise<ReleaseTop> {
    return { ...top, tests: await readTests(outcomes, top.release.files) };
  }

  function getTested({ release }: ReleaseTop, filename: string | undefined): ShownFile {
    const file = release.files.find((each) => each.filename === filename);
    if (file !== undefined) return file;
    const detail = `release ${release.version} has no file ${String(filename).slice(0, 255)}`;
    throw new AppError(packagesErrors.fileNotFound, detail);
  }

  releaseRoute(
    pageOperations.showTestResults,
    '+toxresults',
    async (_request, _view, top, _reply, params) => {
      const file = getTested(top, params['filename']);
      const newest = file.results.toReversed().slice(0, MAX_LISTED);
      const listed = [];
      for (const result of newest) listed.push({ result, outcome: await outcomes.read(result) });
      return testResultsPage({ top, file, listed });
    },
  );
  releaseRoute(pageOperations.showTestResult, '+toxresults', async (_request, _view, top, _reply, params) => {
    const file = getTested(top, params['filename']);
    const result = file.results.find(({ filename }) => filename === params['result']);
    if (result === undefined) {
      const detail = `there is no test result ${String(params['result']).slice(0, 255)}`;
      throw new AppError(packagesErrors.fileNotFound, detail);
    }
    const report = await readReport(context.files, result);
    const rawHref = `${file.href.slice(0, file.href.lastIndexOf('/'))}/${encodePathSegment(result.filename)}`;
    return testResultPage({ top, file, result, report, rawHref });
  });

  releaseRoute(pageOperations.showRelease, undefined, async (request, view, top, reply) => {
    const { release } = top;
    const { html: description, isReady } = await context.packages.descriptions.show(
      descriptionOf(release.metadata),
    );
    // What comes a moment later must not be what everybody sees until the next event.
    if (!isReady) markPrivate(reply.raw);
    const readable =
      release.from.type === 'mirror'
        ? []
        : await listReadableIndexes(context.db, (index) => mayRead(context, request.identity, index));
    const readers = isRestricted(context, release.from)
      ? [release.from.user, ...listOption(release.from, 'acl_read')].join(', ')
      : undefined;
    return releasePage({
      top: await withTests(top),
      description,
      used: used(request, view, `${release.displayName}==${release.version}`),
      seenBy: { readers, indexes: indexesThatInherit(release.from, readable) },
    });
  });

  releaseRoute(pageOperations.showReleaseFiles, '+files', async (request, view, top) =>
    filesPage({
      top: await withTests(top),
      used: used(request, view, `${top.release.displayName}==${top.release.version}`),
    }),
  );
  releaseRoute(pageOperations.showDependencies, '+dependencies', async (_request, _view, top) =>
    dependenciesPage({ top }),
  );
  releaseRoute(pageOperations.showMetadata, '+metadata', async (_request, _view, top) =>
    metadataPage({ top }),
  );
  releaseRoute(pageOperations.showReleaseHistory, '+history', async (_request, view, top) =>
    releaseHistoryPage({
      top,
      history: await readHistory(context, view, { ...top.place, version: top.release.version }),
    }),
  );
}
