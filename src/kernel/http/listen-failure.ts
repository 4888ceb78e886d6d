import { AppError } from '../errors/app-error.ts';
import { kernelErrors } from '../errors/kernel-errors.ts';

const KINDS = new Map([
  ['EACCES', kernelErrors.portNotAllowed],
  ['EADDRNOTAVAIL', kernelErrors.hostNotHere],
  ['ENOTFOUND', kernelErrors.hostNotHere],
  ['EAI_AGAIN', kernelErrors.hostNotHere],
]);

/** Why a server cannot listen, in words that tell what to do. */
export function listenFailure(error: unknown, host: string, port: number): AppError {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const kind = KINDS.get(code ?? '') ?? kernelErrors.addressInUse;
  return new AppError(kind, `cannot listen on ${host}:${port}: ${message}`, { cause: error });
}
