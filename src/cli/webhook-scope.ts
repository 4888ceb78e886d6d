import { AppError } from '#kernel/errors/app-error.ts';
import type { Client } from './client/client.ts';
import { currentClient, serverOption } from './current-client.ts';
import { currentIndex } from './current-index.ts';
import { cliErrors } from './errors.ts';
import { flag, indexOption } from './options.ts';

/** Whose webhooks a command is about; taken by all of them. */
export const scopeOptions = {
  index: indexOption,
  serverWide: flag('Those of the whole server, which root manages.'),
  server: serverOption,
};

/** The server, and the index unless the webhooks are those of the server. */
export interface WebhookScope {
  readonly client: Client;
  readonly params: { readonly user: string; readonly index: string } | undefined;
}

/** Finds them from the options; throws `cli.bad-argument` where both are named. */
export async function webhookScope({
  index,
  serverWide,
  server,
}: {
  readonly index: string | undefined;
  readonly serverWide: boolean;
  readonly server: string | undefined;
}): Promise<WebhookScope> {
  if (!serverWide) {
    const target = await currentIndex(index, server);
    return { client: target.client, params: { user: target.user, index: target.index } };
  }
  if (index !== undefined)
    throw new AppError(cliErrors.badArgument, '--index and --server-wide exclude each other');
  return { client: await currentClient(server), params: undefined };
}
