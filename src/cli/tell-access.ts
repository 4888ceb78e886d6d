import { AppError } from '#kernel/errors/app-error.ts';
import { operations } from '#packages/contract';
import type { Client } from './client/client.ts';

/**
 * What devpi-client prints of an index that may not be read or is not there; nothing if it may be read. Throws where asking
 * fails in another way.
 */
export async function tellAccess(client: Client, name: string, isLoggedIn: boolean): Promise<string> {
  const [user = '', index = ''] = name.split('/');
  try {
    await client.call(operations.readIndex, { params: { user, index }, query: { no_projects: '' } });
    return '';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { status } = error.kind;
    const advice: Readonly<Record<number, string>> = {
      401: 'You might have to login first to access this index.',
      403: isLoggedIn
        ? "You don't have permission to access this index."
        : 'You might have to login first to access this index.',
      404: 'Connected index does not exist.',
    };
    if (advice[status] === undefined) throw error;
    return `${status} ${REASONS[status]}: ${error.message}\n${advice[status]}\n`;
  }
}

const REASONS: Readonly<Record<number, string>> = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' };
