import type { FastifyInstance } from 'fastify';
import { AppError } from '#kernel/errors/app-error.ts';
import type { Refusal } from '#web/components/form.ts';
import { readForm, refusalOf } from '#web/serving/read-form.ts';
import { page } from '#web/serving/routes.ts';
import type { AccountsContext } from '../context.ts';
import { GroupChange, NewGroup } from '../contract.ts';
import { accountsErrors } from '../errors.ts';
import { pageOperations } from '../page-operations.ts';
import { changeGroup, groupNotFound } from './change-group.ts';
import { createGroup } from './create-group.ts';
import { deleteGroup } from './delete-group.ts';
import { deleteGroupPage, groupPage, groupPath, groupsPage } from './pages.ts';
import { listGroups, type Group } from './store.ts';

/** Pages of groups, which root manages. */
export function groupPageRoutes(app: FastifyInstance, context: AccountsContext): void {
  const { db } = context;

  page(app, context, pageOperations.showGroups, async () =>
    groupsPage({ groups: await listGroups(db), input: {} }),
  );

  page(app, context, pageOperations.sendNewGroup, async (request) => {
    const input = readForm(request);
    const name = input['name']?.trim() ?? '';
    try {
      const { members } = NewGroup.parse({ members: namesIn(input['members']) });
      await createGroup(context, { identity: request.identity, name, members });
      return { seeOther: groupPath(name) };
    } catch (error) {
      return groupsPage({ groups: await listGroups(db), input, refusal: groupRefusal(error, 'members') });
    }
  });

  page(app, context, pageOperations.showGroup, async (_request, { group: name }) =>
    groupPage({ group: await getGroup(name), input: {} }),
  );

  page(app, context, pageOperations.sendGroupChange, async (request, { group: name }) => {
    const { identity } = request;
    const input = readForm(request);
    try {
      const change = GroupChange.parse({ add: namesIn(input['add']), remove: namesIn(input['remove']) });
      await changeGroup(context, { identity, name, ...change });
      return { seeOther: groupPath(name) };
    } catch (error) {
      return groupPage({ group: await getGroup(name), input, refusal: groupRefusal(error, 'add') });
    }
  });

  page(app, context, pageOperations.showGroupDeletion, async (_request, { group: name }) =>
    deleteGroupPage(await getGroup(name)),
  );

  page(app, context, pageOperations.sendGroupDeletion, async ({ identity }, { group: name }) => {
    await deleteGroup(context, { identity, name });
    return { seeOther: '/+groups' };
  });

  async function getGroup(name: string): Promise<Group> {
    const group = (await listGroups(db)).find((each) => each.name === name);
    if (group === undefined) throw groupNotFound(name);
    return group;
  }
}

function namesIn(text = ''): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '');
}

/** A wrong name or a member that is not there, at its field. */
function groupRefusal(error: unknown, members: string): Refusal {
  if (!(error instanceof AppError)) return refusalOf(error);
  if (error.kind === accountsErrors.groupExists) {
    return { fields: { name: 'There is a group of this name; choose another one.' } };
  }
  if (error.kind !== accountsErrors.invalidGroup) return refusalOf(error);
  const field = error.message.startsWith('groupname') ? 'name' : members;
  return { fields: { [field]: `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.` } };
}
