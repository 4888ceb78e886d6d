import { environment } from '#kernel/config/environment.ts';
import { serverEnvironment } from './server.ts';

/**
 * Of a server that is installed with the machine's own Python and pip, from the index that pip is configured for here; the
 * server itself asks nobody.
 */
export const machineEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    ...environment,
    ...serverEnvironment,
    PATH: environment['PATH'],
    HOME: environment['HOME'],
    // pip goes where it would go without tests.
    HTTP_PROXY: environment['HTTP_PROXY'],
    HTTPS_PROXY: environment['HTTPS_PROXY'],
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
  }).filter((entry): entry is [string, string] => entry[1] !== undefined),
);
