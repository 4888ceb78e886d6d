import { run } from '#kernel/process/run.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

const MIB = 1024 ** 2;

/** A disk of its own with so much room; only root on Linux can make one. */
export async function mountSmallDisk(mebibytes: number) {
  const directory = await makeTemporaryDirectory();
  const { path } = directory;
  const options = `size=${mebibytes * MIB},mode=0700`;
  const mounted = await run(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  if (mounted.exitCode !== 0) throw new Error(`cannot mount a tmpfs: ${mounted.stderr}`);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run(['umount', path]);
      await directory[Symbol.asyncDispose]();
    },
  };
}
