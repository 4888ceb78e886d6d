import type { Context } from '#kernel/context.ts';
import type { Authorize, Policy } from '#kernel/http/policy.ts';
import type { AnySubject } from './define-policy.ts';

/** Finds what an operation is about, by the name that the operation gives it; throws 404 where it must be there. */
export type Subjects<Name extends string, Subject> = Readonly<
  Record<Name, (params: Readonly<Record<string, string | undefined>>) => Promise<Subject>>
>;

/** How the path of an operation names what its permission is about. */
export type SubjectName = 'server' | 'user';

/** The subjects of this part's operations. A user need not exist: only who may change one learns whether. */
export const subjects: Subjects<SubjectName, AnySubject> = {
  server: async () => ({}),
  user: async ({ user = '' }) => ({ user }),
};

/** Decides about requests of a part by its policy, about the subjects that it finds. */
export function createAuthorize<Permission extends string, Name extends string, Subject>(
  context: Pick<Context, 'config'>,
  policy: Policy<Permission, Subject>,
  subjectsOfPart: Subjects<Name, Subject>,
): Authorize {
  return async ({ permission, subject: name }, { params, identity }) => {
    const subject = await subjectsOfPart[name as Name](params as Record<string, string>);
    policy.authorize(context, identity, permission as Permission, subject);
    return subject;
  };
}
