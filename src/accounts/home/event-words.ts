import { foreign, html, type Html } from '#web/html.ts';
import type { EventWords } from '#web/panels.ts';
import { accountsEvents as events } from '../events.ts';

type Data = Parameters<EventWords>[0];

const userOf = (data: Data): Html => {
  const user = String(data['user']);
  return html`<a href="/${encodeURIComponent(user)}">${foreign(user)}</a>`;
};
const named = (data: Data, key: string): Html => foreign(String(data[key]));

/** What the events of this part say, behind the name of who did it. */
export const accountsWords: Readonly<Record<string, EventWords>> = {
  [events.userCreated.type]: (data) => ({ icon: 'user', words: html`made the user ${userOf(data)}` }),
  [events.userModified.type]: (data) => ({ icon: 'pencil', words: html`changed the user ${userOf(data)}` }),
  [events.userDeleted.type]: (data) => ({
    icon: 'trash',
    words: html`deleted the user ${named(data, 'user')}`,
  }),
  [events.tokenCreated.type]: (data) => ({ icon: 'key', words: html`made the token ${named(data, 'name')}` }),
  [events.tokenRevoked.type]: (data) => ({
    icon: 'key',
    words: html`revoked the token ${named(data, 'name')}`,
  }),
  [events.groupCreated.type]: (data) => ({
    icon: 'users',
    words: html`made the group ${named(data, 'group')}`,
  }),
  [events.groupChanged.type]: (data) => ({
    icon: 'users',
    words: html`changed the group ${named(data, 'group')}`,
  }),
  [events.groupDeleted.type]: (data) => ({
    icon: 'trash',
    words: html`deleted the group ${named(data, 'group')}`,
  }),
};
