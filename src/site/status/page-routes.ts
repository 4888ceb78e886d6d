import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { accountsPolicy, stillThere } from '#accounts';
import type { PackagesContext } from '#packages';
import type { StreamMessage } from '#web/page.ts';
import type { Reader } from '#web/panels.ts';
import { page } from '#web/serving/routes.ts';
import { pageOperations } from '../page-operations.ts';
import { statusPage, statusPanels } from './pages.ts';

const EVERY_MS = 10_000;

/** How the server is; the figures come anew while the page is open. */
export function statusPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  const { web } = context;

  async function load(reader: Reader) {
    const panels = await Promise.all(
      web.statusPanels.map(async ({ title, load: loadPanel }) => {
        const shown = await loadPanel(reader);
        return shown === undefined ? [] : [{ title, ...shown }];
      }),
    );
    return panels.flat();
  }

  page(app, context, pageOperations.showStatus, async ({ identity, outsideUrl }) =>
    statusPage({
      panels: await load({ identity, outsideUrl }),
      serial: context.events.serial,
      maySeeSettings: accountsPolicy.isAllowed(context, identity, 'server.read-settings', {}),
    }),
  );

  page(app, context, pageOperations.followStatus, async ({ identity, outsideUrl }) => ({
    stream: (signal) => follow({ identity, outsideUrl }, signal),
  }));

  async function* follow(reader: Reader, signal: AbortSignal): AsyncGenerator<StreamMessage> {
    const whoIsThere = stillThere(context, reader.identity);
    for (;;) {
      await sleep(EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      const identity = await whoIsThere();
      if (signal.aborted || identity === undefined) return;
      yield { html: statusPanels(await load({ ...reader, identity }), context.events.serial) };
    }
  }
}
