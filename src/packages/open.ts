import { createAuthorize, type AccountsContext } from '#accounts';
import type { Context } from '#kernel/context.ts';
import { internalLocation } from '#kernel/http/internal-location.ts';
import type { Metrics } from '#kernel/http/metrics.ts';
import type { Authorize } from '#kernel/http/policy.ts';
import type { OpenPart, PartCode } from '#kernel/part.ts';
import { DEVPI_VERSION, operations } from './contract.ts';
import type { PackagesContext } from './context.ts';
import { Descriptions } from './descriptions/descriptions.ts';
import { renderUploaded } from './descriptions/render-uploaded.ts';
import { jsonApiRoutes } from './json-api/routes.ts';
import { documentationLimits } from './documentation/check-documentation.ts';
import { DocumentationFiles } from './documentation-pages/documentation-files.ts';
import { documentationPageRoutes } from './documentation-pages/page-routes.ts';
import { documentationRoutes } from './documentation-pages/routes.ts';
import { ServedFileCache } from './files/find-served.ts';
import { fileRoutes } from './files/routes.ts';
import { SmallFiles } from './files/small-files.ts';
import { packagesWords } from './home/event-words.ts';
import { projectFinder } from './home/finder.ts';
import { packagesPanel } from './home/home-panel.ts';
import { mirrorsPanel, storagePanel } from './home/status-panels.ts';
import { createHotPath } from './hot-path.ts';
import { removalPageRoutes } from './removal/page-routes.ts';
import { createRootPypi } from './indexes/create-root-pypi.ts';
import { leadToSetup } from './setup/lead-to-setup.ts';
import { setupPageRoutes } from './setup/page-routes.ts';
import { userPageRoutes } from './users/page-routes.ts';
import { indexPageRoutes } from './indexes/page-routes.ts';
import { indexRoutes } from './indexes/routes.ts';
import { evictMirrorFiles } from './mirror/evict-files.ts';
import { ProjectLists } from './lists/project-lists.ts';
import { MirrorFiles } from './mirror/mirror-files.ts';
import { Mirrors } from './mirror/mirrors.ts';
import { overviewPageRoutes } from './overview/page-routes.ts';
import type { MirrorStatistics } from './mirror/statistics.ts';
import { policy } from './policy.ts';
import { projectRoutes } from './projects/routes.ts';
import { createPush, pushRoutes } from './push/routes.ts';
import { releasePageRoutes } from './releases/page-routes.ts';
import { retainDaily } from './retention/retain-daily.ts';
import { retentionRoutes } from './retention/routes.ts';
import { storedBytes } from './stored-bytes.ts';
import { replicatedPackages } from './replicated.ts';
import type { Caches } from './server/read-status.ts';
import { serverRoutes } from './server/routes.ts';
import { searchRoutes } from './search/routes.ts';
import { readTextsJobs } from './search/read-texts.ts';
import { ReplicatedTexts } from './search/replicated-texts.ts';
import { searchTextsMigration } from './search-texts/tables.ts';
import { searchMigration } from './search-entries/tables.ts';
import { packagesConfig } from './settings.ts';
import { PageCache } from './simple/page-cache.ts';
import { simpleRoutes } from './simple/routes.ts';
import { createNegotiation } from './simple/send-page.ts';
import { subjectsIn } from './subjects.ts';
import { toxResultRoutes } from './tox-results/routes.ts';
import { packagesMigrations } from './tables.ts';
import { uploadPageRoutes } from './upload/page-routes.ts';
import { isUploadForm, uploadRoutes } from './upload/routes.ts';
import { removeIndexes } from './users/remove-indexes.ts';
import { userRoutes } from './users/routes.ts';
import { deliverWebhooks } from './webhooks/deliver-webhooks.ts';
import { forgetDeliveries } from './webhooks/forget-deliveries.ts';
import { webhookPageRoutes } from './webhooks/page-routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';
import { webhookNeeds } from './webhooks/webhook-needs.ts';
import { WebhookReceivers } from './webhooks/webhook-receivers.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The code of the part; `part.ts` declares it. */
export const code: PartCode = {
  migrations: [...packagesMigrations, searchMigration, searchTextsMigration],
  initialize: createRootPypi,
  storedBytes,
  replicated: replicatedPackages,
  open: async (context) => openPackages(context as AccountsContext),
};

function openPackages(accounts: AccountsContext): OpenPart {
  const mirrors = new Mirrors(accounts);
  const descriptions = new Descriptions(accounts);
  const context: PackagesContext = { ...accounts, packages: { mirrors, descriptions } };
  const pages = {
    cache: new PageCache(packagesConfig(context.config)['packages.page-cache-bytes']),
    negotiation: createNegotiation(),
  };
  const small = new SmallFiles(packagesConfig(context.config)['packages.file-cache-bytes']);
  const source = { files: context.files, small, internalLocation: internalLocation(context.config) };
  const served = { cache: new ServedFileCache(), source };
  const documentation = new DocumentationFiles(context.files, {
    maxBytes: packagesConfig(context.config)['packages.documentation-cache-bytes'],
    limits: documentationLimits(context),
  });
  const caches: Caches = { pages: pages.cache, files: small };
  const mirrorFiles = new MirrorFiles(context, mirrors);
  const lists = new ProjectLists(context, mirrors);
  for (const listener of [...mirrors.listeners, lists, pages.cache, served.cache]) {
    context.events.listen(listener);
  }
  const replicatedTexts = context.replica && new ReplicatedTexts(context);
  if (replicatedTexts !== undefined) context.events.listen(replicatedTexts);
  const receivers = new WebhookReceivers(context.clock);
  context.events.listen(receivers);
  context.events.accompany((tx, events) => receivers.write(tx, events));
  context.accounts.nameScopes({
    'packages.read': 'read indexes and install from them',
    'packages.upload': 'upload releases',
    'packages.remove': 'remove and yank releases',
    'packages.manage': 'make, change and delete indexes',
  });
  context.accounts.onUserRemoval(removeIndexes(context.clock));
  context.web.addNavigation({ section: 'packages', label: 'Packages', href: '/+indexes' });
  context.web.addHomePanel(packagesPanel(context, lists));
  context.web.addHomePanel(webhookNeeds(context));
  context.web.addFinder(projectFinder(context, lists));
  context.web.addStatusPanel(storagePanel(context, caches));
  context.web.addStatusPanel(mirrorsPanel(context, caches));
  context.web.describeEvents(packagesWords);
  const standardHeaders = devpiHeaders(context);
  return {
    context: context.packages,
    authorize: authorizeIn(context),
    hotPath: createHotPath(context, { pages, served, standardHeaders }),
    headers: standardHeaders,
    declareRoutes(app, metrics) {
      metrics.counter('page_cache_hits_total', 'Simple pages answered from memory.', () => pages.cache.hits);
      metrics.counter(
        'page_cache_misses_total',
        'Simple pages read from the database.',
        () => pages.cache.misses,
      );
      metrics.gauge('page_cache_bytes', 'Memory that rendered pages hold.', () => pages.cache.bytes);
      metrics.gauge('file_cache_bytes', 'Memory that hot small files hold.', () => small.bytes);
      countMirrors(metrics, mirrors.statistics);
      leadToSetup(app, context);
      serverRoutes(app, context, metrics, caches);
      userRoutes(app, context);
      indexRoutes(app, context, lists);
      indexPageRoutes(app, context, lists);
      setupPageRoutes(app, context);
      userPageRoutes(app, context);
      overviewPageRoutes(app, context, lists);
      const push = createPush(context, mirrorFiles);
      uploadRoutes(app, context, { push, lists });
      pushRoutes(app, push);
      uploadPageRoutes(app, context);
      simpleRoutes(app, context, { ...pages, lists });
      fileRoutes(app, context, { ...served, mirrorFiles });
      toxResultRoutes(app, context);
      projectRoutes(app, context);
      jsonApiRoutes(app, context, mirrorFiles);
      documentationRoutes(app, context, documentation);
      documentationPageRoutes(app, context);
      releasePageRoutes(app, context, mirrorFiles);
      removalPageRoutes(app, context, pages);
      retentionRoutes(app, context);
      searchRoutes(app, context, lists);
      webhookRoutes(app, context);
      webhookPageRoutes(app, context);
    },
    jobs: [
      {
        name: 'packages.evict-mirror-files',
        everyMs: MINUTE_MS,
        isLocal: true,
        async run() {
          await mirrorFiles.flush();
          const freed = await evictMirrorFiles(context);
          if (freed.files === 0) return;
          served.cache.clear();
          context.log.info(freed, 'forgot mirrored files');
        },
      },
      renderUploaded(context),
      deliverWebhooks(context),
      forgetDeliveries(context),
      ...readTextsJobs({ ...context, documentation }),
      retainDaily(context),
      {
        name: 'packages.forget-descriptions',
        everyMs: DAY_MS,
        isLocal: true,
        run: () => descriptions.forgetUnused(),
      },
    ],
    async close() {
      replicatedTexts?.close();
      await descriptions.close();
      await mirrors.close();
      await mirrorFiles.close();
    },
  };
}

/** Made anew only when the serial changes: the hot path sends them thousands of times a second. */
function devpiHeaders({ uuid, events, replica }: Context): () => readonly string[] {
  const primary = replica?.primaryUuid ?? uuid;
  let serial = -1;
  let headers: readonly string[] = [];
  return () => {
    if (serial !== events.serial) {
      serial = events.serial;
      headers = [
        'X-DEVPI-API-VERSION',
        '2',
        'X-DEVPI-SERVER-VERSION',
        DEVPI_VERSION,
        'X-DEVPI-UUID',
        uuid,
        'X-DEVPI-MASTER-UUID',
        primary,
        'X-DEVPI-PRIMARY-UUID',
        primary,
        'X-DEVPI-SERIAL',
        String(serial),
      ];
    }
    return headers;
  };
}

const MIRROR_HELP: Readonly<Record<keyof MirrorStatistics, string>> = {
  pageHits: 'Project pages of mirrors answered from what is known.',
  pageMisses: 'Project pages of mirrors for which upstream was asked.',
  pagesStale: 'Old project pages served because upstream did not answer.',
  upstreamRequests: 'Pages asked of upstream indexes.',
  upstreamFailures: 'Upstream answers that failed.',
  entriesDropped: 'Entries of upstream pages left out as malformed.',
  fileHits: 'Mirrored files served from the store.',
  fileMisses: 'Mirrored files fetched from upstream.',
  bytesFetched: 'Bytes of files fetched from upstream.',
};

function countMirrors(metrics: Metrics, statistics: MirrorStatistics): void {
  for (const [name, help] of Object.entries(MIRROR_HELP)) {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    metrics.counter(`mirror_${snake}_total`, help, () => statistics[name as keyof MirrorStatistics]);
  }
}

/** A POST that is no form with a file is a push or registers a release: its body says which, so the use case decides. */
function authorizeIn(context: AccountsContext): Authorize {
  const authorize = createAuthorize(context, policy, subjectsIn(context.db));
  return (operation, request) =>
    operation === operations.upload && !isUploadForm(request)
      ? authorize(operations.push, request)
      : authorize(operation, request);
}
