import type { FastifyInstance } from 'fastify';
import type { PackagesContext } from '#packages';
import { originOf } from '#kernel/config/read-config.ts';
import { environmentName } from '#kernel/config/setting.ts';
import { page } from '#web/serving/routes.ts';
import { pageOperations } from '../page-operations.ts';
import { settingsPage } from './pages.ts';

/** The settings in force, for root. */
export function settingsPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  const { config, web } = context;
  const values = config as unknown as Readonly<Record<string, unknown>>;

  page(app, context, pageOperations.showSettings, async () =>
    settingsPage(
      web.settings.map((setting) => ({
        name: setting.name,
        variable: environmentName(setting.name),
        sentence: setting.sentence,
        value: setting.isSecret === true ? redacted(values[setting.name]) : textOf(values[setting.name]),
        origin: originOf(config, setting.name),
      })),
    ),
  );
}

/** A database may be one without a secret, such as `sqlite`. */
function redacted(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : '[redacted]';
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
