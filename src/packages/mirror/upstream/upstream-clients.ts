import type { Config } from '#kernel/config/kernel-settings.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { hearing, type Listener } from '#kernel/events/listeners.ts';
import { proxiesOf } from '#kernel/http/proxies.ts';
import { trustAuthorities } from '#kernel/http/trust.ts';
import { packagesErrors } from '../../errors.ts';
import { packagesEvents } from '../../events.ts';
import { type Index, fullName } from '../../model/index.ts';
import { packagesConfig } from '../../settings.ts';
import { UpstreamClient } from './upstream-client.ts';

interface Known {
  readonly url: string;
  readonly isTrusted: boolean;
  readonly client: UpstreamClient;
}

/** One client, with its connections, for each mirror that has asked its upstream. */
export class UpstreamClients implements Listener {
  readonly #config: Config;
  /** By `user/index`. */
  readonly #clients = new Map<string, Known>();

  constructor(config: Config) {
    this.#config = config;
  }

  /** The client for a mirror's upstream; throws 502 when the index names none. */
  of(index: Index): UpstreamClient {
    const name = fullName(index);
    const url = index.options['mirror_url'];
    if (typeof url !== 'string') {
      throw new AppError(packagesErrors.upstreamFailed, `${name} has no mirror_url`, {
        hint: `set one: devpi index ${name} mirror_url=https://…/simple/`,
      });
    }
    const known = this.#clients.get(name);
    const isTrusted =
      index.isTrusted || packagesConfig(this.#config)['packages.mirror-private-addresses'] === 'anyone';
    if (known?.url === url && known.isTrusted === isTrusted) return known.client;
    this.#retire(name);
    trustAuthorities(this.#config['ca-file']);
    const client = new UpstreamClient(url, { proxies: proxiesOf(this.#config), isTrusted });
    this.#clients.set(name, { url, isTrusted, client });
    return client;
  }

  /** Connections of a mirror that is gone must not stay open. */
  readonly hears = [hearing([packagesEvents.indexDeleted], ({ data: { index } }) => this.#retire(index))];

  clear(): void {
    for (const name of this.#clients.keys()) this.#retire(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(({ client }) => client.close()));
  }

  #retire(name: string): void {
    void this.#clients.get(name)?.client.retire();
    this.#clients.delete(name);
  }
}
