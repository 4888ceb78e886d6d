import { foreign, html, type Html } from '#web/html.ts';
import type { EventWords } from '#web/panels.ts';
import { packagesEvents as events } from '../events.ts';

type Data = Parameters<EventWords>[0];

function link(parts: readonly unknown[], label: unknown): Html {
  const path = parts.flatMap((part) => String(part).split('/')).map(encodeURIComponent);
  return html`<a href="/${path.join('/')}">${foreign(String(label))}</a>`;
}

const index = (data: Data): Html => link([data['index']], data['index']);
const project = (data: Data): Html => link([data['index'], data['project']], data['project']);
const release = (data: Data): Html =>
  link(
    [data['index'], data['project'], data['version']],
    `${String(data['project'])} ${String(data['version'])}`,
  );

/** What the events of this part say, behind the name of who did it. */
export const packagesWords: Readonly<Record<string, EventWords>> = {
  [events.indexCreated.type]: (data) => ({ icon: 'plus', words: html`made the index ${index(data)}` }),
  [events.indexModified.type]: (data) => ({
    icon: 'settings',
    words: html`changed ${list(data['changed'])} of ${index(data)}`,
  }),
  [events.indexDeleted.type]: (data) => ({
    icon: 'trash',
    words: html`deleted the index ${foreign(String(data['index']))}`,
  }),
  [events.projectCreated.type]: (data) => ({
    icon: 'box',
    words: html`began the project ${project(data)} on ${index(data)}`,
  }),
  [events.projectRemoved.type]: (data) => ({
    icon: 'trash',
    words: html`removed the project ${foreign(String(data['project']))} from ${index(data)}`,
  }),
  [events.releaseRegistered.type]: (data) => ({
    icon: 'pencil',
    words: html`registered ${release(data)} on ${index(data)}`,
  }),
  [events.releaseRemoved.type]: (data) => ({
    icon: 'trash',
    words: html`removed ${foreign(`${String(data['project'])} ${String(data['version'])}`)} from ${index(data)}`,
  }),
  [events.releaseYanked.type]: (data) => ({
    icon: 'dash',
    words: html`yanked ${release(data)} on ${index(data)}${
      data['reason'] !== '' && html`: “${foreign(String(data['reason']))}”`
    }`,
  }),
  [events.releaseUnyanked.type]: (data) => ({
    icon: 'undo',
    words: html`took back the yank of ${release(data)} on ${index(data)}`,
  }),
  [events.fileUploaded.type]: (data) => ({
    icon: 'upload',
    words: html`${data['replaced'] === true ? 'replaced' : 'uploaded'} ${release(data)} on ${index(data)}`,
  }),
  [events.documentationUploaded.type]: (data) => ({
    icon: 'upload',
    words: html`${data['replaced'] === true ? 'replaced' : 'uploaded'} the documentation of ${release(data)} on ${index(data)}`,
  }),
  [events.fileRemoved.type]: (data) => ({
    icon: 'trash',
    words: html`removed ${foreign(String(data['filename']))} from ${index(data)}`,
  }),
  [events.releasePushed.type]: (data) => ({
    icon: 'upload',
    words: html`pushed ${release(data)} from ${foreign(String(data['from']))} to ${index(data)}`,
  }),
  [events.releaseSent.type]: (data) => ({
    icon: 'upload',
    words: html`pushed ${release(data)} from ${index(data)} to ${foreign(String(data['to']))}`,
  }),
  [events.documentationRemoved.type]: (data) => ({
    icon: 'trash',
    words: html`removed the documentation of ${release(data)} from ${index(data)}`,
  }),
  [events.testResultAdded.type]: (data) => ({
    icon: 'check',
    words: html`told how tests of ${release(data)} on ${index(data)} went`,
  }),
  [events.testResultRemoved.type]: (data) => ({
    icon: 'trash',
    words: html`removed a test result of ${release(data)} from ${index(data)}`,
  }),
  [events.mirrorRefreshed.type]: (data) => ({
    icon: 'refresh',
    words: html`upstream has something new of ${project(data)} for ${index(data)}`,
  }),
  [events.webhookChanged.type]: (data) => ({
    icon: 'settings',
    words: html`${webhookChange(data)} a webhook of ${index(data)}`,
  }),
  [events.serverWebhookChanged.type]: (data) => ({
    icon: 'settings',
    words: html`${webhookChange(data)} a webhook of the server`,
  }),
  [events.bundleImported.type]: (data) => ({
    icon: 'download',
    words: html`imported ${Number(data['files'])} files of ${project(data)} into ${index(data)}`,
  }),
  [events.dumpImported.type]: (data) => ({
    icon: 'download',
    words: html`imported ${Number(data['files'])} files of ${Number(data['projects'])} projects into ${index(data)}`,
  }),
};

function webhookChange({ change }: Data): string {
  return change === 'added' || change === 'removed' || change === 'enabled' ? change : 'disabled';
}

function list(names: unknown): string {
  const all = Array.isArray(names) ? names.map(String) : [];
  return all.length === 0 ? 'nothing' : all.slice(0, 4).join(', ') + (all.length > 4 ? ', …' : '');
}
