import { Secret } from '#kernel/config/secret.ts';
import { AppError } from '#kernel/errors/app-error.ts';
import { Client } from '../client/client.ts';
import { currentClient } from '../current-client.ts';
import { DEFAULT_SERVER } from '../default-server.ts';
import { cliErrors } from '../errors.ts';

/** The client of a builder: with the token from standard input where `--token -` says so, else of who is logged in. */
export async function builderClient(server: string | undefined, token: string | undefined): Promise<Client> {
  if (token === undefined) return await currentClient(server);
  if (token !== '-') {
    throw new AppError(cliErrors.badArgument, 'a token on the command line is seen by everybody here', {
      hint: 'write --token - and put it on standard input: wheelhouse builder --token - < FILE',
    });
  }
  const { text } = await import('node:stream/consumers');
  const read = (await text(process.stdin)).trim();
  return new Client(server ?? DEFAULT_SERVER, { credentials: { kind: 'token', token: new Secret(read) } });
}
