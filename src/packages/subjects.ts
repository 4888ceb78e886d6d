import { getUser, type Subjects } from '#accounts';
import type { Db } from '#kernel/db/db.ts';
import { getIndex } from './indexes/find.ts';
import { findIndex } from './indexes/store.ts';
import { indexSubject, type Subject } from './policy.ts';

/** How the path of an operation names what its permission is about. */
export type SubjectName = 'index' | 'new-index' | 'named-index' | 'index-of-file' | 'no-index';

/** Finds the subjects of this part's operations. */
export function subjectsIn(db: Db): Subjects<SubjectName, Subject> {
  return {
    /** 404 comes before any refusal: that an index is there is no secret. */
    index: async ({ user = '', index = '' }) => indexSubject(await getIndex(db, user, index)),
    'new-index': async ({ user = '', index = '' }) => {
      await getUser(db, user);
      return { user, name: `${user}/${index}` };
    },
    /** Whether it is there or not, as devpi answers: only who may change it learns that. */
    'named-index': async ({ user = '', index = '' }) => ({ user, name: `${user}/${index}` }),
    /** What is about all of them. */
    'no-index': () => Promise.resolve({}),
    /** The address of a file outlives its index: it answers 410 then. */
    'index-of-file': async ({ user = '', index = '' }) => {
      const found = await findIndex(db, user, index);
      return found === undefined ? { user, name: `${user}/${index}` } : indexSubject(found);
    },
  };
}
