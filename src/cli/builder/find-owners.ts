import { realpath } from 'node:fs/promises';
import { run } from '#kernel/process/run.ts';
import { findProgram } from '../find-program.ts';

/** A library of the system that a wheel needs, and the Debian package that brings it here; without one this machine has no such package. */
export interface SystemLibrary {
  readonly name: string;
  readonly debianPackage?: string;
}

/** Every system with glibc has them: they are part of it, or of what every compiler links. */
const BASE =
  /^(?:lib(?:c|m|dl|rt|pthread|util|resolv|nsl|anl|gcc_s|stdc\+\+)\.so\.\d+|ld-linux[\w.-]*\.so\.\d+|ld64\.so\.\d+|linux-vdso\.so\.\d+)$/;

/** Finds whose they are, without those of every system; nothing is loaded: the names come from the cache of the loader, and dpkg knows the files. */
export async function findOwners(libraries: readonly string[]): Promise<SystemLibrary[]> {
  const names = libraries.filter((name) => !BASE.test(name));
  if (names.length === 0) return [];
  const cache = await answerOf([findProgram('ldconfig') ?? '/sbin/ldconfig', '-p']);
  return await Promise.all(
    names.map(async (name) => {
      const path = cache
        .split('\n')
        .map((line) => line.trim())
        .find((line) => line.startsWith(`${name} `))
        ?.split(' => ')[1];
      const debianPackage = path === undefined ? undefined : await ownerOf(path);
      return { name, ...(debianPackage !== undefined && { debianPackage }) };
    }),
  );
}

async function ownerOf(path: string): Promise<string | undefined> {
  const real = await realpath(path).catch(() => path);
  // Packages that are older than the merge of /lib and /usr/lib name the former.
  for (const each of new Set([path, real, real.replace(/^\/usr\/lib\//, '/lib/'), `/usr${path}`])) {
    const [, found] = /^([a-z0-9][a-z0-9+.-]+)(?::\w+)?: /.exec(await answerOf(['dpkg', '-S', each])) ?? [];
    if (found !== undefined) return found;
  }
  return undefined;
}

async function answerOf(argv: readonly [string, ...string[]]): Promise<string> {
  const { exitCode, stdout } = await run(argv).catch(() => ({ exitCode: 1, stdout: '' }));
  return exitCode === 0 ? stdout : '';
}
