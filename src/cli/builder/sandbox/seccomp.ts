interface Architecture {
  /** How wheels name it. */
  readonly platform: string;
  /** AUDIT_ARCH of linux/audit.h. */
  readonly audit: number;
  readonly clone: number;
  readonly denied: readonly number[];
  /** Numbers from here on belong to the x32 ABI, which would go round the list. */
  readonly foreignFrom?: number;
}

// The same on all architectures since Linux 5.1: io_uring, open_tree to fspick, mount_setattr, memfd_secret.
const DENIED_EVERYWHERE = [425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 447];
const CLONE3 = 435;

/**
 * Nothing that builds calls these: namespaces and mounts, modules, kexec, reboot, swap, keys, bpf, perf_event_open, userfaultfd, files by
 * handle, acct, quotactl. They are how kernels were broken into. And memfd_create and shmget: memory of files that are nowhere belongs to no
 * process, so that no limit would see it.
 */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    platform: 'x86_64',
    audit: 0xc000003e,
    clone: 56,
    denied: [
      272, 308, 165, 166, 155, 161, 167, 168, 169, 175, 176, 313, 246, 320, 250, 248, 249, 321, 298, 323, 163,
      179, 303, 304, 319, 29,
    ],
    foreignFrom: 0x40000000,
  },
  arm64: {
    platform: 'aarch64',
    audit: 0xc00000b7,
    clone: 220,
    denied: [
      97, 268, 40, 39, 41, 51, 224, 225, 142, 105, 106, 273, 104, 294, 219, 217, 218, 280, 241, 282, 89, 60,
      264, 265, 279, 194,
    ],
  },
};

// linux/bpf_common.h and linux/seccomp.h.
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const FIRST_ARGUMENT_AT = 16;
/** CLONE_NEW of mounts, cgroups, uts, ipc, users, pids and net. */
const NAMESPACES = 0x7e020000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/**
 * A filter of system calls for seccomp(2), in BPF; undefined on other architectures than x86_64 and aarch64, and for an interpreter that is of
 * another one than the builder. clone3 is not there, so that libc falls back to clone, whose flags can be read.
 */
export function seccompFilter(platform: string, arch: string = process.arch): Buffer | undefined {
  const architecture = ARCHITECTURES[arch];
  if (architecture === undefined || !platform.endsWith(`_${architecture.platform}`)) return undefined;
  const { audit, clone, denied, foreignFrom } = architecture;
  const refused = [...denied, ...DENIED_EVERYWHERE];
  const head: Instruction[] = [
    [LOAD_WORD, 0, 0, ARCHITECTURE_AT],
    [JUMP_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, ERRNO | ENOSYS],
    [LOAD_WORD, 0, 0, NUMBER_AT],
    ...(foreignFrom === undefined
      ? []
      : ([
          [JUMP_AT_LEAST, 0, 1, foreignFrom],
          [RETURN, 0, 0, ERRNO | ENOSYS],
        ] satisfies Instruction[])),
    [JUMP_EQUAL, 0, 1, CLONE3],
    [RETURN, 0, 0, ERRNO | ENOSYS],
    // Behind the list stand: allow, refuse, and what looks at the flags of clone.
    [JUMP_EQUAL, refused.length + 2, 0, clone],
  ];
  const list = refused.map((number, at): Instruction => [JUMP_EQUAL, refused.length - at, 0, number]);
  const end: Instruction[] = [
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, ERRNO | EPERM],
    [LOAD_WORD, 0, 0, FIRST_ARGUMENT_AT],
    [JUMP_ANY_BIT, 1, 0, NAMESPACES],
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, ERRNO | EPERM],
  ];
  return encode([...head, ...list, ...end]);
}

function encode(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [at, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(ifTrue, at * 8 + 2);
    bytes.writeUInt8(ifFalse, at * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, at * 8 + 4);
  }
  return bytes;
}
