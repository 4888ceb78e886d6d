import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { PackagesContext } from '../context.ts';
import { formFields } from '#kernel/http/form-fields.ts';
import { operations } from '../contract.ts';
import type { Index } from '../model/index.ts';
import { policy, type IndexSubject } from '../policy.ts';
import { route } from '#kernel/http/route.ts';
import { invalidForm } from './invalid-form.ts';
import { field } from './check-upload.ts';
import { receiveForm, type Form, type FormLimits } from './receive-form.ts';
import { uploadDocumentation } from './upload-documentation.ts';
import type { UploadResult } from './store-rows.ts';
import { registerRelease, uploadFile } from './upload-file.ts';
import { answerXmlRpc } from '../search/answer-xml-rpc.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import { isXmlRpc } from './xml-rpc.ts';
import { packagesConfig } from '../settings.ts';

const IDENTICAL = 'Upload of identical file to non volatile index.';

/** Answers a POST of JSON to an index: the release that it names is pushed elsewhere. */
export type AnswerPush = (request: FastifyRequest, reply: FastifyReply, source: Index) => Promise<void>;

/** The upload form of PyPI's legacy API as devpi takes it (reference devpi.md 1.7), and what else is posted to an index. */
export function uploadRoutes(
  app: FastifyInstance,
  context: PackagesContext,
  { push, lists }: { readonly push: AnswerPush; readonly lists: ProjectLists },
): void {
  route(app, operations.upload, async (request, _params, reply, subject: IndexSubject) => {
    const { index } = subject;
    if (isXmlRpc(request)) {
      const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
      const answer = await answerXmlRpc(context, lists, { body, index, identity: request.identity });
      await reply.code(200).header('content-type', 'text/xml').send(answer);
      return;
    }
    const form = isUploadForm(request) ? undefined : readPlainForm(request);
    if (!isUploadForm(request)) {
      if (form === undefined) {
        await push(request, reply, index);
        return;
      }
      policy.authorize(context, request.identity, 'packages.upload', subject);
    }
    const result = await receiveUpload(context, { request, index, form });
    if (result === 'identical') reply.raw.statusMessage = IDENTICAL;
    const body = result === 'identical' ? `200 ${IDENTICAL}` : '';
    await reply.code(200).header('content-type', 'text/plain').send(body);
  });
}

/** A form with a file, for which the permission to upload is asked before its body is read. */
export function isUploadForm({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');
}

/**
 * A form without files may come as `name=value&…`: curl and devpi's own tests register releases so. Without
 * `:action` it is JSON whose sender did not say so.
 */
function readPlainForm({ body, headers }: FastifyRequest): Form | undefined {
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')) return undefined;
  const text = body instanceof Buffer ? body.toString('utf8') : '';
  if (!/(?:^|&)(?::|%3a)action=/i.test(text)) return undefined;
  return { fields: formFields(text), content: undefined, release: async () => undefined };
}

interface Upload {
  readonly request: FastifyRequest;
  readonly index: Index;
  /** The form, if it has been read; else the request has it as multipart. */
  readonly form: Form | undefined;
}

/** How much a form may bring, and how long it may take. */
export function formLimits(
  { config }: Pick<PackagesContext, 'config'>,
  { bodyGuard }: FastifyRequest,
): FormLimits {
  const settings = packagesConfig(config);
  return {
    maxFileBytes: settings['packages.max-upload-bytes'],
    maxFormBytes: settings['packages.max-form-bytes'],
    guard: bodyGuard,
  };
}

async function receiveUpload(context: PackagesContext, upload: Upload): Promise<UploadResult> {
  const { request, index } = upload;
  const form = upload.form ?? (await receiveForm(request.raw, context.files, formLimits(context, request)));
  try {
    const { identity } = request;
    const action = field(form, ':action');
    if (action === undefined) throw invalidForm(':action field not found');
    if (action === 'file_upload') return await uploadFile(context, { identity, index, form });
    if (action === 'submit') {
      await registerRelease(context, { identity, index, form });
      return 'stored';
    }
    if (action === 'doc_upload') return await uploadDocumentation(context, { identity, index, form });
    throw invalidForm(`action '${action.slice(0, 100)}' not supported`);
  } finally {
    await form.release();
  }
}
