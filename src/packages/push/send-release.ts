import { accountsErrors, challenge } from '#accounts';
import { AppError } from '#kernel/errors/app-error.ts';
import { proxiesOf } from '#kernel/http/proxies.ts';
import { trustAuthorities } from '#kernel/http/trust.ts';
import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import { packagesEvents } from '../events.ts';
import { UpstreamClient } from '../mirror/upstream/upstream-client.ts';
import type { MirrorFiles } from '../mirror/mirror-files.ts';
import { filePath } from '../model/file-path.ts';
import { fullName, type Index } from '../model/index.ts';
import { policy } from '../policy.ts';
import { pageText } from '../search/page-text.ts';
import { packagesConfig } from '../settings.ts';
import { fetchRelease } from './fetch-release.ts';
import { findSource, nothingToPush } from './find-source.ts';
import { readStageRelease, type PushedRelease } from './pushed-release.ts';
import type { Destination, Pushed } from './push-request.ts';
import { fileFields, metadataFields, outgoingForm, type OutgoingForm } from './upload-form.ts';
import type { ActionRow } from './write-release.ts';

export interface SendRelease {
  readonly identity: Identity;
  /** Which the sender may read. */
  readonly source: Index;
  readonly pushed: Pushed;
  readonly destination: Extract<Destination, { readonly kind: 'server' }>;
}

export interface SentRelease {
  /** True if the other server has taken everything. */
  readonly isTaken: boolean;
  readonly rows: readonly ActionRow[];
}

type SendContext = PackagesContext & { readonly mirrorFiles: MirrorFiles };

/**
 * Uploads a release to another server as twine would, file by file, and its documentation as devpi-client would. Rows tell what
 * that server said of each. Emits `packages.release-sent` if it has taken everything. The credentials are told to the origin of
 * the URL only: no redirect is followed, and nothing writes them down. Private addresses are for whom the policy names.
 */
export async function sendRelease(
  context: SendContext,
  { identity, source, pushed, destination }: SendRelease,
): Promise<SentRelease> {
  if (identity.user === undefined) {
    const detail = 'Unauthorized: log in to push to another server';
    throw new AppError(accountsErrors.loginNeeded, detail, { headers: challenge });
  }
  const release = await readRelease(context, identity, source, pushed);
  const client = openClient(context, identity, destination);
  try {
    const sent = await sendAll(context, client, { source, release, pushed, destination });
    const { project, version } = pushed;
    const to = addressOf(destination.url);
    const codes = sent.rows.map(([code]) => code);
    context.log.info({ index: fullName(source), project, version, to, codes }, 'pushed to another server');
    if (sent.isTaken) {
      await context.events.change(async (_tx, emit) =>
        emit(packagesEvents.releaseSent, {
          actor: identity.user ?? null,
          about: source.id,
          data: { index: fullName(source), project, version, to },
        }),
      );
    }
    return sent;
  } finally {
    await client.close();
  }
}

async function readRelease(
  context: SendContext,
  identity: Identity,
  source: Index,
  pushed: Pushed,
): Promise<PushedRelease> {
  const found = await findSource(context, identity, source, pushed);
  if (found instanceof AppError) throw found;
  if (found.links !== undefined) return await fetchRelease(context, source, pushed, found.links);
  const release = await readStageRelease(context.db, source, pushed);
  if (release === undefined) throw nothingToPush(source, pushed, release);
  return release;
}

/** Without the query, which may hold what nobody else should know. */
function addressOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

const PRIVATE_HINT =
  'only root may push to a private address, unless packages.push-private-addresses says otherwise';

function openClient(
  context: PackagesContext,
  identity: Identity,
  { url, username, password }: SendRelease['destination'],
): UpstreamClient {
  const { config } = context;
  trustAuthorities(config['ca-file']);
  const isTrusted = policy.isAllowed(context, identity, 'packages.push-to-private-address', {});
  return new UpstreamClient(url, {
    proxies: proxiesOf(config),
    isTrusted,
    privateHint: PRIVATE_HINT,
    ...((username !== '' || password !== '') && { credentials: { username, password } }),
  });
}

const MAX_ANSWER = 1000;
const MAX_PAGE = 16 * 1024;
const AGAIN = 'push again when the other server is well: what it has taken stays there';

const isGood = (code: number) => code === 200 || code === 201;

async function sendAll(
  context: PackagesContext,
  client: UpstreamClient,
  {
    source,
    release,
    destination: { url, isRegistered },
  }: Pick<SendRelease, 'source' | 'pushed' | 'destination'> & { readonly release: PushedRelease },
): Promise<SentRelease> {
  const { files } = context;
  const { project, version, metadata, documentation } = release;
  const named = { ...metadata, name: project.displayName, version };
  const rows: ActionRow[] = [];
  const post = (form: OutgoingForm) => postForm(context, client, url, form);
  try {
    if (isRegistered) {
      const { code } = await post(outgoingForm(files, metadataFields('submit', named)));
      rows.push([code, 'register', project.displayName, version]);
      // PyPI knows no registering any more, and says 410.
      if (!isGood(code) && code !== 410) return { isTaken: false, rows };
    }
    for (const file of release.files) {
      const fields = [...metadataFields('file_upload', named), ...fileFields(file, project.name)];
      const { code, text } = await post(outgoingForm(files, fields, file));
      rows.push([code, 'upload', filePath(source, file.sha256, file.filename), isGood(code) ? '' : text]);
    }
    if (documentation !== undefined) {
      const fields = [
        [':action', 'doc_upload'],
        ['name', project.displayName],
        ['version', version],
      ] as const;
      const zip = { ...documentation, filename: `${project.displayName}.zip` };
      const { code } = await post(outgoingForm(files, fields, zip));
      rows.push([code, 'docfile', project.displayName]);
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // The hint of the kind is about upstreams of mirrors.
    const hint = error.hint === error.kind.hint ? AGAIN : error.hint;
    rows.push([-1, 'exception on release upload:', `${error.message}; ${hint}`]);
  }
  const isTaken = rows.every(([code, action]) => isGood(code) || (action === 'register' && code === 410));
  return { isTaken, rows };
}

/** What the other server answers; throws what `UpstreamClient` throws if there is no answer. */
async function postForm(
  { config }: PackagesContext,
  client: UpstreamClient,
  url: string,
  { headers, body }: OutgoingForm,
): Promise<{ readonly code: number; readonly text: string }> {
  const timeoutMs = packagesConfig(config)['packages.push-seconds'] * 1000;
  const response = await client.request({
    url,
    method: 'POST',
    headers: { ...headers, accept: 'text/plain, application/json;q=0.5, */*;q=0.1' },
    requestBody: body,
    headTimeoutMs: timeoutMs,
    bodyTimeoutMs: timeoutMs,
    isFile: true,
  });
  let text = '';
  for await (const chunk of response.body) {
    text += (chunk as Buffer).toString('utf8');
    if (text.length > MAX_PAGE) break;
  }
  response.body.destroy();
  // Some servers give their reasons on pages, behind a sheet of styles.
  const isPage = response.headers['content-type']?.startsWith('text/html') === true;
  return {
    code: response.status,
    text: isPage ? pageText(text, MAX_ANSWER).body : text.slice(0, MAX_ANSWER).trim(),
  };
}
