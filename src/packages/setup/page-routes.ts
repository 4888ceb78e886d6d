import { statfs } from 'node:fs/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  createUserFromForm,
  endSession,
  isSetupKey,
  readNewPassword,
  setFirstPassword,
  startSession,
  userRefusal,
  warningFor,
} from '#accounts';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import type { Refusal } from '#web/components/form.ts';
import type { PageAnswer } from '#web/page.ts';
import { readForm } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import type { PackagesContext } from '../context.ts';
import { packagesErrors } from '../errors.ts';
import { createIndex } from '../indexes/create-index.ts';
import { findIndex } from '../indexes/store.ts';
import { pageOperations } from '../page-operations.ts';
import { isLocal } from './is-local.ts';
import { setupPage } from './pages.ts';
import { setupStep, type SetupStep } from './setup-step.ts';

type Input = Readonly<Record<string, string>>;
type Take = (request: FastifyRequest, input: Input) => Promise<PageAnswer>;

const AGAIN: PageAnswer = { seeOther: '/+setup' };

/** The first visit of a new server: three steps, and how to use what they made. */
export function setupPageRoutes(app: FastifyInstance, context: PackagesContext): void {
  const { db, secret, config } = context;

  async function show(request: FastifyRequest, step: SetupStep, input: Input = {}, refusal?: Refusal) {
    const { bavail, bsize } = await statfs(config['files-directory'] ?? config.serverdir);
    return setupPage({
      step,
      user: request.identity.user,
      needsKey: needsKey(request),
      input,
      refusal,
      outsideUrl: request.outsideUrl,
      mirror: (await findIndex(db, 'root', 'pypi')) === undefined ? undefined : 'root/pypi',
      freeBytes: bavail * bsize,
      warning: warningFor(request),
    });
  }

  page(app, context, pageOperations.showSetup, async (request) => {
    const step = await findStep(context, request);
    const isSkipped = step.step === 'user' && Object.hasOwn(request.query as object, 'skip');
    return await show(request, isSkipped ? { step: 'index' } : step);
  });

  const takePassword: Take = async (request, input) => {
    const { clientAddress: address } = request;
    if (needsKey(request) && !isSetupKey(secret, input['key'] ?? '')) {
      const message = 'This is not the key that wheelhouse serve has printed.';
      return await show(request, { step: 'password' }, input, { fields: { key: message } });
    }
    const password = readNewPassword(input);
    await setFirstPassword(context, { password, address });
    const { setCookie } = await startSession(context, { user: 'root', password, address, visit: request });
    return { ...AGAIN, cookies: [setCookie] };
  };

  const takeUser: Take = async (request, input) => {
    const { identity, clientAddress: address } = request;
    const { name, password } = await createUserFromForm(context, { identity, address }, input);
    const { setCookie } = await startSession(context, { user: name, password, address, visit: request });
    if (identity.isSession === true) await endSession(context, { identity, id: identity.loginId ?? '' });
    return { ...AGAIN, cookies: [setCookie] };
  };

  const takeIndex: Take = async ({ identity }, input) => {
    const user = identity.user ?? '';
    const readers = { users: [':AUTHENTICATED:'], me: [user] }[input['readers'] ?? ''];
    const given = {
      bases: input['base'] === undefined ? [] : [input['base']],
      ...(readers !== undefined && { acl_read: readers }),
    };
    await createIndex(context, { identity, user, name: input['name']?.trim() ?? '', given });
    return AGAIN;
  };

  page(app, context, pageOperations.sendSetup, async (request) => {
    const input = readForm(request);
    const { step } = await findStep(context, request);
    // Who skips the user makes the index as root.
    const isSkipped = step === 'user' && input['step'] === 'index';
    if (input['step'] !== step && !isSkipped) return AGAIN;
    const sent = isSkipped ? 'index' : step;
    if (sent === 'use') return AGAIN;
    try {
      return await { password: takePassword, user: takeUser, index: takeIndex }[sent](request, input);
    } catch (error) {
      return await show(request, { step: sent }, input, stepRefusal(error));
    }
  });
}

function needsKey({ headers, socket, outsideUrl, raw }: FastifyRequest): boolean {
  const { remoteAddress } = socket;
  return !isLocal({ headers, remoteAddress, outsideUrl, httpVersion: raw.httpVersion });
}

/** Throws 404 once the server is set up. */
async function findStep(context: PackagesContext, { identity }: FastifyRequest): Promise<SetupStep> {
  const step = await setupStep(context, identity);
  if (step !== undefined) return step;
  throw new AppError(kernelErrors.routeNotFound, 'this server is set up', {
    hint: 'log in, or ask who runs it for a user',
  });
}

/** A wrong name is told at its field. */
function stepRefusal(error: unknown): Refusal {
  if (error instanceof AppError) {
    if (error.kind === packagesErrors.indexExists)
      return { fields: { name: 'You have an index of this name.' } };
    if (error.kind === packagesErrors.invalidIndex && error.message.startsWith('indexname')) {
      return { fields: { name: `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}` } };
    }
  }
  return userRefusal(error);
}
