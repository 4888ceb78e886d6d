/** Where things of a build are inside; the same for every build, because compilers write paths into what they make. */
export const PLACES = { sdist: '/input', source: '/build/source', wheels: '/build/wheels' } as const;

/** Unpacks the sdist that is its argument, and becomes pip. Run by the interpreter that is built for, inside. */
export const BUILD_PROGRAM = `
import os, sys, tarfile, zipfile
sdist, source = sys.argv[1], '${PLACES.source}'
os.mkdir(source)
try:
    if sdist.endswith('.zip'):
        with zipfile.ZipFile(sdist) as archive:
            archive.extractall(source)
    else:
        with tarfile.open(sdist) as archive:
            if hasattr(tarfile, 'data_filter'):
                archive.extractall(source, filter='data')
            else:
                archive.extractall(source)
except Exception as error:
    sys.exit('the sdist cannot be unpacked: %s' % error)
tops = [name for name in os.listdir(source) if os.path.isdir(os.path.join(source, name))]
if len(tops) != 1:
    sys.exit('the sdist cannot be unpacked: it has %d directories at its top' % len(tops))
top = os.path.join(source, tops[0])
os.chdir(top)
# Pip reads no project's files of configuration, but its tools may: a Python that a project chooses is not the one that was asked for.
for name in ('.python-version', 'rust-toolchain', 'rust-toolchain.toml'):
    if os.path.lexists(name):
        os.remove(name)
sys.stdout.flush()
os.execv(sys.executable, [sys.executable, '-I', '-m', 'pip', 'wheel', '--use-pep517', '--no-deps', '--no-cache-dir',
    '--verbose', '--wheel-dir', '${PLACES.wheels}', top])
`;
