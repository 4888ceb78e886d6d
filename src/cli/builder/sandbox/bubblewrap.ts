import type { BuildLimits } from '../limits.ts';

/** Where things are in every sandbox, whatever the builder's own directories are called. */
export const INSIDE = {
  /** The only place that can be written to, besides the temporary directories; below it is HOME. */
  build: '/build',
  home: '/build/home',
  /** The Unix socket that leads to the index. */
  socket: '/run/index',
} as const;

export interface Mounts {
  /** Becomes `/build`. */
  readonly build: string;
  /** Become the temporary directories. */
  readonly tmp: string;
  readonly shm: string;
  /** A file for /etc/passwd. */
  readonly passwd: string;
  /** Of the host, at the same paths: the interpreter and its libraries. */
  readonly prefixes: readonly string[];
  /** Of the host, readable at another path. */
  readonly inputs: Readonly<Record<string, string>>;
}

export interface Confinement {
  readonly mounts: Mounts;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Pick<BuildLimits, 'memoryBytes' | 'processes' | 'diskBytes'>;
  /** Who it runs as, where the builder is root; undefined takes the builder's own user, in a user namespace. */
  readonly uid: number | undefined;
  /** Whether a filter of system calls is written to `SECCOMP_FD`. */
  readonly hasFilter: boolean;
}

/** The descriptors that bwrap is given, in this order behind the standard ones. */
const INFO_FD = 3;
const BLOCK_FD = 4;
const SECCOMP_FD = 5;

/**
 * The argument vector that runs a program in a sandbox of bubblewrap: of the host it sees /usr and what is named, can write to its own directories only, has
 * every namespace of its own, no capabilities, and nothing survives it. Root needs no user namespace: bwrap sets everything up with root's
 * rights, which `setpriv` gives up inside.
 */
export function bubblewrapArguments(
  program: readonly string[],
  { mounts, env, limits, uid, hasFilter }: Confinement,
): [string, ...string[]] {
  const { build, tmp, shm, passwd, prefixes, inputs } = mounts;
  const options = [
    uid === undefined ? USER_NAMESPACE : TO_CHANGE_USER,
    // Older ones of bubblewrap do not know it; the filter refuses the same.
    uid === undefined && !hasFilter ? ['--disable-userns'] : [],
    NAMESPACES,
    ['--info-fd', String(INFO_FD), '--block-fd', String(BLOCK_FD)],
    hasFilter ? ['--seccomp', String(SECCOMP_FD)] : [],
    SYSTEM,
    ['--ro-bind', passwd, '/etc/passwd'],
    prefixes.flatMap((prefix) => [...ancestors(prefix), '--ro-bind', prefix, prefix]),
    ['--bind', build, INSIDE.build, '--bind', tmp, '/tmp', '--symlink', '../tmp', '/var/tmp'],
    Object.entries(inputs).flatMap(([path, source]) => [...ancestors(path), '--ro-bind', source, path]),
    ['--proc', '/proc', '--dev', '/dev', '--bind', shm, '/dev/shm'],
    ['--remount-ro', '/dev', '--remount-ro', '/'],
    ['--clearenv', ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value])],
    ['--chdir', INSIDE.build, '--'],
  ];
  const becoming = uid === undefined ? [] : userChange(uid);
  return ['bwrap', ...options.flat(), ...resourceLimits(limits), ...becoming, ...program];
}

const NAMESPACES = [
  ['--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
  ['--hostname', 'builder', '--die-with-parent', '--new-session'],
].flat();
const USER_NAMESPACE = ['--unshare-user', '--uid', '1000', '--gid', '1000'];
const TO_CHANGE_USER = [
  ['--cap-drop', 'ALL'],
  ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'].flatMap((name) => ['--cap-add', name]),
].flat();

const ETC = ['alternatives', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'debian_version', 'os-release'];

const SYSTEM = [
  ['etc', 'run', 'var'].flatMap((name) => ['--perms', '0755', '--dir', `/${name}`]),
  ['--ro-bind', '/usr', '/usr'],
  ['lib', 'lib32', 'lib64', 'libx32', 'bin', 'sbin'].flatMap(readable),
  ETC.map((name) => `etc/${name}`).flatMap(readable),
].flat();

function readable(name: string): string[] {
  return ['--ro-bind-try', `/${name}`, `/${name}`];
}

/** Made by bwrap itself they would be for root alone. */
function ancestors(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.flatMap((_, at) => ['--perms', '0755', '--dir', `/${parts.slice(0, at + 1).join('/')}`]);
}

function resourceLimits({ memoryBytes, processes, diskBytes }: Confinement['limits']): string[] {
  const sizes = [`--data=${memoryBytes}`, `--nproc=${processes}`, `--fsize=${diskBytes}`];
  return ['prlimit', ...sizes, '--core=0', '--nofile=4096', '--memlock=65536', '--msgqueue=819200', '--'];
}

function userChange(uid: number): string[] {
  const user = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const nothing = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--no-new-privs'];
  return ['setpriv', ...user, ...nothing, '--'];
}
