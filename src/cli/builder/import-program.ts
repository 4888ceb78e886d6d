/** Where the import test says what it found, below its build directory. */
export const REPORT = 'report.json';

/**
 * Unpacks the wheel that is its argument, installs what it requires from wheels where that can be had, and imports its own modules; its extension
 * modules one by one. Run by the interpreter that was built for, in a sandbox of its own; what it found stands in a file.
 */
export const IMPORT_PROGRAM = `
import email, importlib.machinery, json, os, subprocess, sys, zipfile
site, needs, report = '/build/site', '/build/needs', '/build/${REPORT}'
with zipfile.ZipFile(sys.argv[1]) as archive:
    archive.extractall(site)
    metadata = next(name for name in archive.namelist() if name.count('/') == 1 and name.endswith('.dist-info/METADATA'))
    message = email.message_from_bytes(archive.read(metadata))
    names = [name for name in archive.namelist() if not name.endswith('/')]
moved = []
for name in names:
    parts = name.split('/')
    if parts[0].endswith('.data'):
        if parts[1] not in ('purelib', 'platlib'):
            continue
        moved.append('/'.join(parts[2:]))
        os.makedirs(os.path.dirname(os.path.join(site, moved[-1])), exist_ok=True)
        os.replace(os.path.join(site, name), os.path.join(site, moved[-1]))
    else:
        moved.append(name)
required = [each for each in message.get_all('Requires-Dist') or [] if 'extra' not in each.partition(';')[2]]
notes = []
if required:
    pip = [sys.executable, '-I', '-m', 'pip', 'install', '--only-binary', ':all:', '--no-cache-dir', '--no-compile', '--target', needs]
    if subprocess.run(pip + required).returncode:
        notes.append('what it requires could not be installed from wheels')
extensions, modules = [], []
for name in moved:
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        if name.endswith(suffix):
            extensions.append(name[:-len(suffix)].replace('/', '.'))
            break
    if name.count('/') == 0 and name.endswith('.py') or name.count('/') == 1 and name.endswith('/__init__.py'):
        modules.append(name[:-3].partition('/')[0])
skipped = ('test', 'tests', 'docs', 'doc', 'examples', 'example', 'setup', 'conftest', 'benchmarks')
wanted = [each for each in modules if each not in skipped] + [each[:-9] if each.endswith('.__init__') else each for each in extensions]
wanted = [each for each in dict.fromkeys(wanted) if all(part.isidentifier() for part in each.split('.'))][:64]
check = '''
import importlib, json, os, site, sys
report, places, wanted = open(sys.argv[1], 'a'), sys.argv[2:4], sys.argv[4:]
for place in places:
    site.addsitedir(place)
def say(**found):
    report.write(json.dumps(found) + chr(10))
    report.flush()
for module in wanted:
    say(module=module, state='begun')
    try:
        importlib.import_module(module)
    except BaseException as error:
        path = getattr(error, 'path', None) or ''
        is_own = isinstance(error, SystemError) or isinstance(error, ImportError) and path.startswith(places[0]) and '.so' in path
        say(module=module, state='failed', isOwn=is_own, message='%s: %s' % (type(error).__name__, error))
    else:
        say(module=module, state='imported')
sys.stdout.flush()
os._exit(0)
'''
lines, left = report + '.lines', wanted
while left:
    open(lines, 'w').close()
    code = subprocess.run([sys.executable, '-I', '-c', check, lines, site, needs] + left).returncode
    found = [json.loads(line) for line in open(lines)]
    last = found[-1] if found else {'module': left[0], 'state': 'begun'}
    for each in found:
        if each['state'] == 'failed':
            notes.append('importing %s fails: %s' % (each['module'], each['message'][:300]))
    own = [each for each in found if each['state'] == 'failed' and each['isOwn']]
    failure = 'importing %s fails: %s' % (own[0]['module'], own[0]['message'][:300]) if own else None
    if code < 0 and last['state'] == 'begun':
        failure = 'importing %s ends the interpreter with signal %d' % (last['module'], -code)
    left = left[left.index(last['module']) + 1:] if last['state'] == 'begun' else []
    if failure:
        break
else:
    failure = None
with open(report, 'w') as file:
    json.dump({'failure': failure, 'notes': notes[:20], 'imported': wanted}, file)
`;
