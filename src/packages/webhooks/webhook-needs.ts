import { foreign, html } from '#web/html.ts';
import type { HomePanel, Need } from '#web/panels.ts';
import type { PackagesContext } from '../context.ts';
import { listIndexes } from '../indexes/store.ts';
import { fullName } from '../model/index.ts';
import { indexHref } from '../model/index-href.ts';
import { policy } from '../policy.ts';
import { listDisabledWebhooks } from './store.ts';
import { webhooksHref } from './pages.ts';

/** On the home page: webhooks that were disabled, of the reader's indexes and, for who manages those, of the server. */
export function webhookNeeds(context: PackagesContext): HomePanel {
  return {
    async needs({ identity }) {
      if (identity.user === undefined) return [];
      const disabled = await listDisabledWebhooks(context.db);
      if (disabled.length === 0) return [];
      const own = (await listIndexes(context.db)).filter(({ user }) => user === identity.user);
      const ofServer = policy.isAllowed(context, identity, 'packages.manage-server-webhooks', {});
      return disabled.flatMap(({ id, indexId, disabled: health }): Need[] => {
        const index = own.find((each) => each.id === indexId);
        if (health === undefined || (indexId === undefined ? !ofServer : index === undefined)) return [];
        const place = index && html`<a href="${indexHref(index)}">${foreign(fullName(index))}</a>`;
        return [
          {
            state: 'warning',
            word: 'webhook disabled',
            sentence: html`A webhook of ${place ?? 'the server'} is told nothing any more: ${foreign(health.reason)}`,
            at: health.at,
            action: { label: 'Look at it', href: webhooksHref(index, id) },
          },
        ];
      });
    },
  };
}
