import { z } from 'zod';
import { defineEvents } from '#kernel/events/event-type.ts';

const about = 'index';
const OfBuild = z.object({
  index: z.string().meta({ description: '`user/index` that has the sdist.' }),
  project: z.string().meta({ description: 'Normalized.' }),
  version: z.string(),
  target: z.string().meta({ description: 'Such as `cp313-linux_x86_64`.' }),
  build: z.number().meta({ description: 'Its number.' }),
});

export const buildsEvents = defineEvents('builds', {
  projectsWatched: {
    meaning: 'Projects came to the list of what is built, or are built otherwise now.',
    about,
    data: z.object({ index: z.string(), projects: z.array(z.string()) }),
  },
  projectUnwatched: {
    meaning: 'A project left the list of what is built; its wheels stay.',
    about,
    data: z.object({ index: z.string(), project: z.string() }),
  },
  buildSucceeded: {
    meaning: 'A builder made wheels, and they are on the index.',
    about,
    data: OfBuild.extend({ filenames: z.array(z.string()) }),
  },
  buildFailed: {
    meaning: 'A build ended without wheels.',
    about,
    data: OfBuild.extend({ failure: z.string().meta({ description: 'Its class.' }), detail: z.string() }),
  },
  builderRegistered: {
    meaning: 'A builder came to the server.',
    data: z.object({ builder: z.string(), targets: z.array(z.string()) }),
  },
  builderChanged: {
    meaning: 'A builder was paused, resumed, drained or forgotten.',
    data: z.object({ builder: z.string(), state: z.enum(['active', 'paused', 'draining', 'forgotten']) }),
  },
});
