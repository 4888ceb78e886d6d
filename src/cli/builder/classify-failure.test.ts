import { expect, test } from 'vitest';
import { classifyFailure, type Failure } from './classify-failure.ts';

type Row = readonly [log: string, failure: Partial<Failure>];

// As compilers, linkers, build backends and pip print it.
test.each<Row>([
  [
    `running build_ext
building 'pygit2._libgit2' extension
gcc -pthread -O3 -Wall -fPIC -I/usr/local/include -c build/temp.linux-x86_64-cpython-311/pygit2._libgit2.c -o x.o
build/temp.linux-x86_64-cpython-311/pygit2._libgit2.c:572:10: fatal error: git2.h: No such file or directory
  572 | #include <git2.h>
compilation terminated.
error: command '/usr/bin/gcc' failed with exit code 1
ERROR: Failed building wheel for pygit2`,
    { failureClass: 'missing-header', missing: 'git2.h', retry: 'final' },
  ],
  [
    `src/_portaudiomodule.c:29:10: fatal error: 'portaudio.h' file not found
#include "portaudio.h"`,
    { failureClass: 'missing-header', missing: 'portaudio.h' },
  ],
  [
    `Error: pg_config executable not found.

pg_config is required to build psycopg2 from source.  Please add the directory
containing pg_config to the $PATH or specify the full executable path with the`,
    { failureClass: 'missing-library', missing: 'pg_config' },
  ],
  ['/bin/sh: 1: mysql_config: not found', { failureClass: 'missing-library', missing: 'mysql_config' }],
  [
    `gcc -shared build/x.o -lldap_r -llber -o build/lib/_ldap.so
/usr/bin/ld: cannot find -lldap_r: No such file or directory
collect2: error: ld returned 1 exit status`,
    { failureClass: 'missing-library', missing: 'ldap_r' },
  ],
  [
    '../meson.build:31:9: ERROR: Dependency "cairo" not found, tried pkgconfig and cmake',
    { failureClass: 'missing-library', missing: 'cairo' },
  ],
  [
    `Trying pkg-config --exists mysqlclient
Command 'pkg-config --exists mysqlclient' returned non-zero exit status 1.
Exception: Can not find valid pkg-config name.`,
    { failureClass: 'missing-library', missing: 'mysqlclient' },
  ],
  [
    'error: libhdf5.so: cannot open shared object file: No such file or directory',
    { failureClass: 'missing-library', missing: 'hdf5' },
  ],
  [
    "Package 'libffi', required by 'virtual:world', not found",
    { failureClass: 'missing-library', missing: 'libffi' },
  ],
  [
    `Package libxml-2.0 was not found in the pkg-config search path.
Perhaps you should add the directory containing \`libxml-2.0.pc'`,
    { failureClass: 'missing-library', missing: 'libxml-2.0' },
  ],
  [
    'CMake Error at FindPackageHandleStandardArgs.cmake:230 (message):\n  Could NOT find OpenSSL, try to set the path',
    { failureClass: 'missing-library', missing: 'OpenSSL' },
  ],
  [
    `error: can't find Rust compiler

If you are using an outdated pip version, it is possible a prebuilt wheel is available`,
    { failureClass: 'missing-tool', missing: 'Rust', retry: 'final' },
  ],
  [
    `Rust not found, installing into a temporary directory
Downloading rustup-init from https://static.rust-lang.org/rustup/dist/x86_64-unknown-linux-gnu/rustup-init
httpx.ConnectError: [Errno -3] Temporary failure in name resolution`,
    { failureClass: 'missing-tool', missing: 'Rust' },
  ],
  [
    `Cargo, the Rust package manager, is not installed or is not on PATH.
This package requires Rust and Cargo to compile extensions.`,
    { failureClass: 'missing-tool', missing: 'Rust' },
  ],
  [
    "error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory",
    { failureClass: 'missing-tool', missing: 'x86_64-linux-gnu-gcc' },
  ],
  [
    "  FileNotFoundError: [Errno 2] No such file or directory: 'cmake'",
    { failureClass: 'missing-tool', missing: 'cmake' },
  ],
  ['/bin/sh: 1: swig: not found', { failureClass: 'missing-tool', missing: 'swig' }],
  [
    "../meson.build:1:0: ERROR: Unknown compiler(s): [['gfortran'], ['flang']]",
    { failureClass: 'missing-tool', missing: 'gfortran' },
  ],
  [
    `ERROR: Could not find a version that satisfies the requirement cython<3 (from versions: 3.0.0)
ERROR: No matching distribution found for cython<3
error: subprocess-exited-with-error`,
    { failureClass: 'missing-requirement', missing: 'cython<3', retry: { afterMs: 86_400_000, atMost: 3 } },
  ],
  [
    `  File "setup.py", line 3, in <module>
    import numpy
ModuleNotFoundError: No module named 'numpy'`,
    { failureClass: 'missing-requirement', missing: 'numpy', retry: 'final' },
  ],
  [
    "ERROR: Package 'demo' requires a different Python: 3.8.18 not in '>=3.9'",
    { failureClass: 'unsupported-python', retry: 'final' },
  ],
  [
    'RuntimeError: Cannot install on Python version 3.13.0; only versions >=3.7,<3.11 are supported.',
    { failureClass: 'unsupported-python' },
  ],
  [
    `urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>`,
    { failureClass: 'network', retry: 'final' },
  ],
  ["fatal: transport 'https' not allowed", { failureClass: 'network', retry: 'final' }],
  [
    "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPConnectionPool(host='127.0.0.1', port=3141): Read timed out.",
    { failureClass: 'network', retry: { afterMs: 300_000, atMost: 5 } },
  ],
  ['cc1plus: out of memory allocating 65536 bytes', { failureClass: 'memory-limit' }],
  ['g++: fatal error: Killed signal terminated program cc1plus', { failureClass: 'memory-limit' }],
  ['OSError: [Errno 28] No space left on device', { failureClass: 'disk-limit' }],
  [
    'sh: 0: Cannot fork\nBlockingIOError: [Errno 11] Resource temporarily unavailable',
    { failureClass: 'process-limit' },
  ],
  ['the sdist cannot be unpacked: it has 2 directories at its top', { failureClass: 'bad-sdist' }],
  [
    `src/demo.c:12:5: error: too few arguments to function 'PyCode_New'
error: command '/usr/bin/gcc' failed with exit code 1
  ERROR: Failed building wheel for demo
ERROR: Failed to build one or more wheels`,
    {
      failureClass: 'build-fails',
      detail: "the build failed: error: command '/usr/bin/gcc' failed with exit code 1",
    },
  ],
  [
    "FileNotFoundError: [Errno 2] No such file or directory: 'requirements.txt'",
    { failureClass: 'build-fails' },
  ],
  ['', { failureClass: 'build-fails', detail: 'the build failed: it printed nothing' }],
])('%s', (log, failure) => {
  expect(classifyFailure(undefined, log.split('\n'))).toMatchObject(failure);
});

test.each([
  ['time', 'time-limit'],
  ['memory', 'memory-limit'],
  ['processes', 'process-limit'],
  ['disk', 'disk-limit'],
] as const)('the limit of %s says more than any log', (limit, failureClass) => {
  const { detail, ...failure } = classifyFailure(limit, ['fatal error: git2.h: No such file or directory']);

  expect(failure.failureClass).toBe(failureClass);
  expect(detail).not.toContain('git2');
});
