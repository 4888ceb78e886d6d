import { defineErrors } from '#kernel/errors/app-error.ts';

/** What is wrong with a file of Python packaging that somebody gave. */
export const pythonErrors = defineErrors('python', {
  badLockFile: {
    status: 400,
    title: 'A lock file cannot be used',
    meaning:
      'A lock file or requirements file cannot be read, or is not what its name says; the detail names it.',
  },
  badTarget: {
    status: 400,
    title: 'That is no target of wheels',
    meaning:
      'What wheels are to be made for is not written as a CPython on Linux; the detail says how it is.',
  },
});
