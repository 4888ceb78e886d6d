import type { Identity } from '#kernel/identity.ts';
import type { Index } from '../model/index.ts';
import { indexUrl } from '../index-url.ts';

const FEATURES = ['push-no-docs', 'push-only-docs', 'push-register-project', 'server-keyvalue-parsing'];

/** What `devpi use` reads: addresses, features, and who the credentials say you are (reference devpi.md 1.3). */
export function describeApi(baseUrl: string, identity: Identity, index?: Index): Record<string, unknown> {
  const { user, groups } = identity;
  const url = index && indexUrl(baseUrl, index.user, index.name);
  const result = {
    login: `${baseUrl}/+login`,
    authstatus: user === undefined ? ['noauth', '', []] : ['ok', user, groups],
    features: FEATURES,
    ...(url !== undefined && { index: url, simpleindex: `${url}/+simple/` }),
    ...(index !== undefined && index.type !== 'mirror' && { pypisubmit: `${url}/` }),
  };
  return { type: 'apiconfig', result };
}
