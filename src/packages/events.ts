import { z } from 'zod';
import { defineEvents } from '#kernel/events/event-type.ts';

const about = 'index';
const OfIndex = z.object({ index: z.string().meta({ description: '`user/index`.' }) });
const OfProject = OfIndex.extend({ project: z.string().meta({ description: 'Normalized.' }) });
const OfRelease = OfProject.extend({ version: z.string() });
const OfTestResult = OfRelease.extend({
  filename: z.string().meta({ description: 'The file that was tested.' }),
  result: z.string().meta({ description: 'The name of the result.' }),
});
const filenames = z
  .array(z.string())
  .meta({ description: 'The files that the release has, or those named.' });

const OfWebhook = {
  webhook: z.string().meta({ description: 'Its id.' }),
  change: z.enum(['added', 'removed', 'disabled', 'enabled']),
  reason: z.string().optional().meta({ description: 'Why it was disabled.' }),
};

export const packagesEvents = defineEvents('packages', {
  indexCreated: { meaning: 'There is a new index.', about, data: OfIndex },
  indexModified: {
    meaning: 'Options of an index changed.',
    about,
    data: OfIndex.extend({
      changed: z.array(z.string()).meta({ description: 'Names of the options, without their values.' }),
    }),
  },
  indexDeleted: { meaning: 'An index is gone, with all that it held.', about, data: OfIndex },
  projectCreated: { meaning: 'An index has its first release of a project.', about, data: OfProject },
  projectRemoved: {
    meaning: 'An index has no release of the project any more; a mirror fetches it again when asked.',
    about,
    data: OfProject,
  },
  releaseRegistered: { meaning: 'Metadata of a release came without a file.', about, data: OfRelease },
  releaseRemoved: { meaning: 'A release is gone, with its files.', about, data: OfRelease },
  releaseYanked: {
    meaning: 'Files of a release are for exact pins only (PEP 592).',
    about,
    data: OfRelease.extend({
      filenames,
      reason: z.string().meta({ description: 'May be empty.' }),
    }),
  },
  releaseUnyanked: { meaning: 'A yank was taken back.', about, data: OfRelease.extend({ filenames }) },
  fileUploaded: {
    meaning: 'A file was stored.',
    about,
    data: OfRelease.extend({
      filename: z.string(),
      sha256: z.string(),
      replaced: z.boolean().meta({ description: 'True if the index had other bytes under this name.' }),
    }),
  },
  documentationUploaded: {
    meaning: 'The documentation of a release was stored.',
    about,
    data: OfRelease.extend({
      filename: z.string(),
      sha256: z.string(),
      replaced: z.boolean().meta({ description: 'True if the release had documentation before.' }),
    }),
  },
  fileRemoved: {
    meaning: 'A file is gone from its index.',
    about,
    data: OfIndex.extend({
      project: z.string().optional().meta({ description: 'Normalized; not of a mirror.' }),
      version: z.string().optional().meta({ description: 'Not of a mirror.' }),
      filename: z.string(),
    }),
  },
  releasePushed: {
    meaning: 'A release, or something of it, came from another index.',
    about,
    data: OfRelease.extend({ from: z.string().meta({ description: '`user/index`.' }) }),
  },
  releaseSent: {
    meaning: 'A release was uploaded to another server, which took all of it.',
    about,
    data: OfRelease.extend({
      to: z.string().meta({ description: 'The URL, without query and credentials.' }),
    }),
  },
  documentationRemoved: {
    meaning: 'The documentation of a release is gone; the release is not.',
    about,
    data: OfRelease.extend({ filename: z.string() }),
  },
  testResultAdded: {
    meaning: 'What a test of a file told was stored.',
    about,
    data: OfTestResult.extend({ sha256: z.string() }),
  },
  testResultRemoved: {
    meaning: 'What a test told of a file is gone; the file is not.',
    about,
    data: OfTestResult,
  },
  dumpImported: {
    meaning:
      'A dump brought an index with all that it holds; nothing else is told of these releases and files.',
    about,
    data: OfIndex.extend({ projects: z.number(), files: z.number() }),
  },
  mirrorRefreshed: {
    meaning: 'Upstream tells something else of a project than before.',
    about,
    data: OfProject,
  },
  webhookChanged: {
    meaning: 'A webhook of an index was added or removed, or it was disabled because nothing was taken.',
    about,
    data: OfIndex.extend(OfWebhook),
  },
  serverWebhookChanged: {
    meaning: 'The same of a webhook of the whole server; only root reads it.',
    data: z.object(OfWebhook),
  },
  bundleImported: {
    meaning: 'A bundle brought files of a project into a mirror.',
    about,
    data: OfProject.extend({ files: z.number() }),
  },
});
