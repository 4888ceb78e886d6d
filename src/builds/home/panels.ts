import { facts } from '#web/components/columns.ts';
import { formatCount } from '#web/components/tabs.ts';
import { html } from '#web/html.ts';
import type { HomePanel, Need, Reader, StatusPanel } from '#web/panels.ts';
import type { BuildsContext } from '../context.ts';
import { policy } from '../policy.ts';
import { readFarmHealth, type FarmHealth } from './farm-health.ts';

/** On the home page of who manages builds: that nobody builds what waits, or that most builds failed. */
export function farmNeeds(context: BuildsContext): HomePanel {
  return {
    async needs(reader) {
      if (!managesBuilds(context, reader)) return [];
      const need = needOf(await readFarmHealth(context));
      return need === undefined ? [] : [need];
    },
  };
}

/** On the status, for who manages builds, once there is something to build. */
export function farmPanel(context: BuildsContext): StatusPanel {
  return {
    title: 'Builds',
    async load(reader) {
      if (!managesBuilds(context, reader)) return undefined;
      const health = await readFarmHealth(context);
      const { waiting, builders, active, succeeded, failed, trouble } = health;
      if (waiting + builders + succeeded + failed === 0) return undefined;
      return {
        state: trouble === undefined ? 'good' : 'warning',
        ...(trouble !== undefined && { trouble: sentenceOf(health) }),
        body: facts([
          ['To do', html`<a href="/+builds">${formatCount(waiting)} builds</a>`],
          [
            'Builders',
            html`<a href="/+builders">${formatCount(active)} of ${formatCount(builders)} take builds</a>`,
          ],
          ['Last day', `${formatCount(succeeded)} succeeded, ${formatCount(failed)} failed`],
        ]),
      };
    },
  };
}

function managesBuilds(context: BuildsContext, { identity }: Reader): boolean {
  return policy.isAllowed(context, identity, 'builds.manage', {});
}

function needOf(health: FarmHealth): Need | undefined {
  const sentence = html`${sentenceOf(health)}`;
  if (health.trouble === 'no-builder') {
    const action = { label: 'Start one', href: '/+builds' };
    return { state: 'warning', word: 'no builder', sentence, action };
  }
  if (health.trouble === 'many-failed') {
    const action = { label: 'Look at them', href: '/+builds?state=failed' };
    return { state: 'warning', word: 'builds fail', sentence, action };
  }
  return undefined;
}

function sentenceOf({ trouble, waiting, succeeded, failed }: FarmHealth): string {
  if (trouble === 'no-builder')
    return `No builder is at work, and ${waiting === 1 ? 'a build waits' : `${formatCount(waiting)} builds wait`}.`;
  return `${formatCount(failed)} of ${formatCount(failed + succeeded)} builds of the last day failed.`;
}
