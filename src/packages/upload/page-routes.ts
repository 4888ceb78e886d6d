import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import { hasQuery } from '#kernel/http/route.ts';
import { page } from '#web/serving/routes.ts';
import type { PackagesContext } from '../context.ts';
import { indexPageOperations } from '../index-page-operations.ts';
import { indexSubject, policy, type IndexSubject } from '../policy.ts';
import { isRestricted } from '../policy.ts';
import { markPrivate } from '../private-answer.ts';
import { packagesConfig } from '../settings.ts';
import { withClaim } from './claim-of-file.ts';
import { invalidForm } from './invalid-form.ts';
import { uploadLine, uploadPage, type UploadLine } from './pages.ts';
import { receiveForm } from './receive-form.ts';
import { formLimits, isUploadForm } from './routes.ts';
import { uploadFile } from './upload-file.ts';

/** Uploading in a browser: the same checks and the same use case as for clients, without fields but the file. */
export function uploadPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  const maxBytes = packagesConfig(context.config)['packages.max-upload-bytes'];

  page(
    app,
    context,
    indexPageOperations.showUpload,
    async (request, _params, { index }: IndexSubject, reply) => {
      if (isRestricted(context, index)) markPrivate(reply.raw);
      const mayUpload =
        index.type === 'stage' &&
        policy.isAllowed(context, request.identity, 'packages.upload', indexSubject(index));
      return uploadPage({ index, reader: request.identity.user, mayUpload, maxBytes });
    },
  );

  // Scripts ask for a line; without them it is a page.
  page(app, context, indexPageOperations.sendUpload, async (request, _params, { index }: IndexSubject) => {
    const line = await receive(request, index);
    if (hasQuery(request, 'line')) return { fragment: uploadLine(index, line) };
    return uploadPage({ index, reader: request.identity.user, mayUpload: true, maxBytes, line });
  });

  async function receive(request: FastifyRequest, index: IndexSubject['index']): Promise<UploadLine> {
    let filename = '';
    try {
      if (!isUploadForm(request)) throw invalidForm('the form has no file');
      await using received = disposable(
        await receiveForm(request.raw, context.files, formLimits(context, request)),
      );
      const { content } = received.form;
      filename = content?.filename ?? '';
      if (content === undefined || filename === '') throw invalidForm('no file was chosen');
      const { form, claim } = withClaim(received.form);
      const kind = await uploadFile(context, { identity: request.identity, index, form });
      return {
        filename,
        outcome: { kind, project: claim.name, version: claim.version, bytes: content.size },
      };
    } catch (error) {
      if (!(error instanceof AppError) || error.kind.status >= 500) throw error;
      const { message, hint } = error;
      return {
        filename: filename === '' ? 'the file' : filename,
        outcome: { kind: 'refused', message: sentence(message), hint: hint && sentence(hint) },
      };
    }
  }
}

/** Whatever becomes of the request, what was not kept goes. */
function disposable(form: Awaited<ReturnType<typeof receiveForm>>) {
  return { form, [Symbol.asyncDispose]: () => form.release() };
}

function sentence(text: string): string {
  const first = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.?!]$/.test(first) ? first : `${first}.`;
}
