import type { Config } from '../config/kernel-settings.ts';

/** Where requests to other servers go through; undefined fields mean directly. URLs may hold a password. */
export interface Proxies {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  /** Hosts that are asked directly, separated by commas. */
  readonly except?: string | undefined;
}

export function proxiesOf(config: Config): Proxies {
  return {
    http: config['http-proxy']?.reveal(),
    https: config['https-proxy']?.reveal(),
    except: config['no-proxy'],
  };
}
