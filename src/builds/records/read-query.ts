import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';
import { normalizeProjectName } from '#python/names/project-name.ts';
import { BuildState } from '../contract.ts';
import type { BuildQuery } from './store.ts';

/** Which builds `?state=`, `?project=` and `?before=` ask for; what is not given or empty asks for all. Throws 400. */
export function readBuildQuery(query: unknown, limit: number): BuildQuery {
  const { state = '', project = '', before = '' } = query as Readonly<Record<string, string | undefined>>;
  return {
    state: state === '' ? undefined : readState(state),
    project: project.trim() === '' ? undefined : normalizeProjectName(project.trim()),
    before: before === '' ? undefined : readNumber(query, 'before'),
    limit,
  };
}

/** A whole number of a query; 0 where it has none. Throws 400. */
export function readNumber(query: unknown, name: string): number {
  const text = (query as Readonly<Record<string, unknown>>)[name] ?? '0';
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw new AppError(kernelErrors.badRequest, `${name} must be a whole number`);
}

function readState(text: string) {
  const parsed = BuildState.safeParse(text);
  if (parsed.success) return parsed.data;
  const known = BuildState.options.join(', ');
  throw new AppError(kernelErrors.badRequest, `state is '${text.slice(0, 50)}', and must be one of ${known}`);
}
