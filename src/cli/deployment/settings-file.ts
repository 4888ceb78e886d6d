import { DEVPI_DEFAULTS } from '../programs/devpi-options.ts';
import type { Deployment } from './deployment.ts';

/** `wheelhouse.yml` of the server directory of a new deployment; the URL of a database may hold a password. */
export function settingsFile({ database, allowEmptyRootPassword }: Deployment): string {
  return [
    '# Of new indexes whose maker names no bases.',
    'packages:',
    `  default-bases: [${DEVPI_DEFAULTS['packages.default-bases'].join(', ')}]`,
    ...(allowEmptyRootPassword
      ? [
          '# Until root has a password: whoever reaches the server first may set it, from any machine.',
          'allow-empty-root-password: yes',
        ]
      : []),
    ...(database === undefined ? [] : [`database: ${JSON.stringify(database.reveal())}`]),
    '',
  ].join('\n');
}
