import { setGlobalProxyFromEnv } from 'node:http';
import { environment } from '../config/environment.ts';
import { kernelSettings } from '../config/kernel-settings.ts';
import type { Secret } from '../config/secret.ts';
import { environmentName, type Setting } from '../config/setting.ts';
import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

/** This machine itself: no proxy could reach it. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1', '[::1]'];

let isDone = false;

/**
 * Makes `fetch` of this process go through the proxies that the environment names, as a server's mirrors do, but for hosts
 * of `no-proxy` and the loopback. Throws `kernel.bad-configuration` if one is no URL.
 */
export function useProxies(): void {
  if (isDone) return;
  isDone = true;
  const [http, https] = [read<Secret>('http-proxy')?.reveal(), read<Secret>('https-proxy')?.reveal()];
  if (http === undefined && https === undefined) return;
  const except = [read<string>('no-proxy'), ...LOOPBACK].filter((host) => host !== undefined).join(',');
  setGlobalProxyFromEnv({ http_proxy: http, https_proxy: https, no_proxy: except });
}

/** A setting of the kernel as the environment gives it. */
function read<Value>(name: 'http-proxy' | 'https-proxy' | 'no-proxy'): Value | undefined {
  const setting = (kernelSettings as readonly Setting[]).find((each) => each.name === name);
  const variables = [environmentName(name), ...(setting?.variables ?? [])];
  // Programs take an empty one for none.
  const variable = variables.find((each) => (environment[each] ?? '') !== '');
  if (setting === undefined || variable === undefined) return undefined;
  const result = setting.type.safeParse(environment[variable]);
  if (result.success) return result.data as Value;
  const [issue] = result.error.issues;
  throw new AppError(kernelErrors.badConfiguration, `environment ${variable}: ${name} ${issue?.message}`);
}
