import { defineErrors } from '#kernel/errors/app-error.ts';

/** Everything that can go wrong with builds and builders. */
export const buildsErrors = defineErrors('builds', {
  invalidRequest: {
    status: 400,
    title: 'Nothing can be built so',
    hint: 'name projects as `pyyaml` or `greenlet>=3`, and targets as `cp313` or `cp313-linux_aarch64`',
    meaning: 'A requirement, a target or an index of the request cannot be used; the detail says which.',
  },
  projectNotWatched: {
    status: 404,
    title: 'The project is not on the list',
    hint: '`wheelhouse build projects` shows those that are',
    meaning: 'No wheels of this project are built.',
  },
  skipNotFound: {
    status: 404,
    title: 'Nothing of the kind is skipped',
    hint: 'name version and target as it was done with `wheelhouse build skip`; the page of the project shows it',
    meaning: 'No builds of just this version and target are skipped.',
  },
  buildNotFound: {
    status: 404,
    title: 'No such build',
    hint: '`wheelhouse build list` shows those that are there',
    meaning: 'There is no build with this number.',
  },
  builderNotFound: {
    status: 404,
    title: 'No such builder',
    hint: 'a builder that was silent for long is forgotten, and registers again by itself',
    meaning: 'No builder of this name has registered.',
  },
  builderTooOld: {
    status: 409,
    title: 'The builder does not fit the server',
    hint: 'give builder and server the same version of Wheelhouse',
    meaning: 'Builder and server speak different versions of the protocol between them.',
  },
  builderExists: {
    status: 409,
    title: 'A builder of this name is at work',
    hint: 'give this one another name: wheelhouse builder --name NAME',
    meaning: 'Another builder with the same name has spoken to the server just now.',
  },
  buildOver: {
    status: 409,
    title: 'The build is not this builder’s any more',
    meaning: 'The build was cancelled, or its builder was silent for too long and another one has it.',
  },
  wrongFile: {
    status: 422,
    title: 'The wheel is not what was built',
    meaning: 'A file that a builder brought has another digest than it said, or is no wheel of the release.',
  },
});
