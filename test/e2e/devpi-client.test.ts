import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { wheel, wheelFilename } from '#test/archives.ts';
import { openClientSession } from '#test/client-session.ts';
import { createIndex } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { PYPI_URL } from '../../src/packages/indexes/create-root-pypi.ts';

// What devpi-client 7.3.0 prints here is what it prints beside devpi-server 6.20.3, line by line, recorded with the
// same commands. Differences that are meant: `wheelhouse` in --version, md5 beside sha256 in +links, and plainer words
// where devpi shows a page of its web framework or a Python object.

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer({ arguments: ['--host', 'localhost'] });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** `devpi ARGS` as a person would see it: the command, stdout, stderr after `2>`, a bad exit code. */
async function openDevpi(at: { readonly url: string } = server) {
  const session = await openClientSession();
  const filter = (text: string) =>
    text
      .replaceAll(at.url, 'http://localhost:4040')
      .replaceAll(session.home, '~')
      .replaceAll(session.directory, '.')
      .replace(/\/\S*\/bin\/python /g, 'python ')
      .replaceAll(PYPI_URL, 'PYPI')
      .replace(/\/tmp\/devpi-\w+/g, '/tmp/devpi-XXXX')
      .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
      .replace(/\+f\/[0-9a-f]{3}\/[0-9a-f]{13}\//g, '+f/HASH/')
      .replace(/\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b/g, 'HEX')
      .replace(/"when": \[[\s\d,]+\]/g, '"when": TIME')
      .replace(/ \d+kb$/gm, ' SIZE')
      .replace(/[^\S\n]+$/gm, '');
  async function devpi(...args: string[]): Promise<string> {
    return await devpiWith({}, ...args);
  }
  async function devpiWith(options: { readonly input?: string }, ...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await session.run('devpi', args, {
      ...options,
      // With it `--set-cfg` would write there instead of to the user's file.
      env: { PIP_CONFIG_FILE: undefined },
    });
    // Only `passwd` writes there in ordinary use; what Python says about a missing terminal is not ours.
    const errors = options.input === undefined ? stderr.replace(/^(?=.)/gm, '2> ') : '';
    const failure = exitCode === 0 ? '' : `[exit ${exitCode}]\n`;
    return filter(stdout + errors + failure);
  }
  return { session, devpi, devpiWith, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
}

/** A client that is logged in as the owner of an index of its own and uses it. */
async function openOwner(name: string, options: Readonly<Record<string, unknown>> = {}) {
  const index = await createIndex(server, name, options);
  const client = await openDevpi();
  await client.session.succeed('devpi', ['use', index.url]);
  await client.session.succeed('devpi', ['login', index.user, `--password=${index.password}`]);
  return { ...client, index };
}

it('goes through the quickstart', async () => {
  await using fresh = await startServer({ arguments: ['--host', 'localhost'] });
  await using client = await openDevpi(fresh);
  const { devpi } = client;

  expect(await devpi('use', fresh.url)).toMatchInlineSnapshot(`
    "using server: http://localhost:4040/ (not logged in)
    no current index: type 'devpi use -l' to discover indices
    ~/.config/pip/pip.conf: no config file exists
    ~/.config/uv/uv.toml: no config file exists
    ~/.pydistutils.cfg: no config file exists
    ~/.buildout/default.cfg: no config file exists
    always-set-cfg: no
    "
  `);
  expect(await devpi('login', 'root', '--password', '')).toMatchInlineSnapshot(`
    "logged in 'root', credentials valid for 10.00 hours
    "
  `);
  expect(await devpi('user', '-m', 'root', 'password=123')).toMatchInlineSnapshot(`
    "/root changing password: ********
    user modified: root
    "
  `);
  expect(await devpi('user', '-l')).toMatchInlineSnapshot(`
    "root
    "
  `);
  expect(await devpi('logoff')).toMatchInlineSnapshot(`
    "login information deleted
    "
  `);
  expect(await devpi('user', '-c', 'alice', 'password=456', 'email=alice@example.com'))
    .toMatchInlineSnapshot(`
    "user created: alice
    "
  `);
  expect(await devpi('login', 'alice', '--password=456')).toMatchInlineSnapshot(`
    "logged in 'alice', credentials valid for 10.00 hours
    "
  `);
  expect(await devpi('index', '-c', 'dev', 'bases=root/pypi')).toMatchInlineSnapshot(`
    "http://localhost:4040/alice/dev?no_projects=:
      type=stage
      bases=root/pypi
      volatile=True
      acl_upload=alice
      acl_toxresult_upload=:ANONYMOUS:
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('use', 'alice/dev')).toMatchInlineSnapshot(`
    "current devpi index: http://localhost:4040/alice/dev (logged in as alice)
    supported features: push-no-docs, push-only-docs, push-register-project, server-keyvalue-parsing
    ~/.config/pip/pip.conf: no config file exists
    ~/.config/uv/uv.toml: no config file exists
    ~/.pydistutils.cfg: no config file exists
    ~/.buildout/default.cfg: no config file exists
    always-set-cfg: no
    "
  `);
  expect(await devpi('use', '--set-cfg', 'alice/dev')).toMatchInlineSnapshot(`
    "current devpi index: http://localhost:4040/alice/dev (logged in as alice)
    supported features: push-no-docs, push-only-docs, push-register-project, server-keyvalue-parsing
    ~/.config/pip/pip.conf: http://localhost:4040/alice/dev/+simple/
    ~/.config/uv/uv.toml: http://localhost:4040/alice/dev/+simple/
    ~/.pydistutils.cfg: http://localhost:4040/alice/dev/+simple/
    ~/.buildout/default.cfg: http://localhost:4040/alice/dev/+simple/
    always-set-cfg: no
    "
  `);
  expect(await devpi('use', '--always-set-cfg=yes')).toMatchInlineSnapshot(`
    "current devpi index: http://localhost:4040/alice/dev (logged in as alice)
    supported features: push-no-docs, push-only-docs, push-register-project, server-keyvalue-parsing
    ~/.config/pip/pip.conf: http://localhost:4040/alice/dev/+simple/
    ~/.config/uv/uv.toml: http://localhost:4040/alice/dev/+simple/
    ~/.pydistutils.cfg: http://localhost:4040/alice/dev/+simple/
    ~/.buildout/default.cfg: http://localhost:4040/alice/dev/+simple/
    always-set-cfg: yes
    "
  `);
  expect(await devpi('use', 'alice/dev')).toMatchInlineSnapshot(`
    "current devpi index: http://localhost:4040/alice/dev (logged in as alice)
    supported features: push-no-docs, push-only-docs, push-register-project, server-keyvalue-parsing
    ~/.config/pip/pip.conf: http://localhost:4040/alice/dev/+simple/
    ~/.config/uv/uv.toml: http://localhost:4040/alice/dev/+simple/
    ~/.pydistutils.cfg: http://localhost:4040/alice/dev/+simple/
    ~/.buildout/default.cfg: http://localhost:4040/alice/dev/+simple/
    always-set-cfg: yes
    "
  `);
  expect(await client.session.read('../home/.config/pip/pip.conf')).toBe(
    `[global]\nindex_url = ${fresh.url}/alice/dev/+simple/\n[search]\nindex = ${fresh.url}/alice/dev/\n`,
  );
  expect(await client.session.read('../home/.config/uv/uv.toml')).toBe(
    `index-url = "${fresh.url}/alice/dev/+simple/"\n`,
  );
});

it('shows where it is and who one is', async () => {
  await createIndex(server, 'ursula/dev');
  await using client = await openDevpi();
  const { devpi } = client;

  expect(await devpi('use')).toMatchInlineSnapshot(`
    "no server: type 'devpi use URL' with a URL pointing to a server or directly to an index.
    ~/.config/pip/pip.conf: no config file exists
    ~/.config/uv/uv.toml: no config file exists
    ~/.pydistutils.cfg: no config file exists
    ~/.buildout/default.cfg: no config file exists
    always-set-cfg: no
    "
  `);
  expect(await devpi('use', `${server.url}/ursula/dev`)).toMatchInlineSnapshot(`
    "current devpi index: http://localhost:4040/ursula/dev (not logged in)
    supported features: push-no-docs, push-only-docs, push-register-project, server-keyvalue-parsing
    ~/.config/pip/pip.conf: no config file exists
    ~/.config/uv/uv.toml: no config file exists
    ~/.pydistutils.cfg: no config file exists
    ~/.buildout/default.cfg: no config file exists
    always-set-cfg: no
    "
  `);
  expect(await devpi('use', '--urls')).toMatchInlineSnapshot(`
    "current devpi index: http://localhost:4040/ursula/dev (not logged in)
                  login: http://localhost:4040/+login
             pypisubmit: http://localhost:4040/ursula/dev/
            simpleindex: http://localhost:4040/ursula/dev/+simple/
    supported features: push-no-docs, push-only-docs, push-register-project, server-keyvalue-parsing
    ~/.config/pip/pip.conf: no config file exists
    ~/.config/uv/uv.toml: no config file exists
    ~/.pydistutils.cfg: no config file exists
    ~/.buildout/default.cfg: no config file exists
    always-set-cfg: no
    "
  `);
  expect(await devpi('--version')).toMatchInlineSnapshot(`
    "devpi-client 7.3.0

    current devpi server: http://localhost:4040/
        devpi-server 6.20.3
        wheelhouse 0.1.0
    "
  `);
  expect(await devpi('logoff')).toMatchInlineSnapshot(`
    "not logged in
    "
  `);
  expect(await devpi('login', 'ursula', '--password=wrong')).toMatchInlineSnapshot(`
    "POST http://localhost:4040/+login
    401 Unauthorized: user 'ursula' could not be authenticated
    [exit 1]
    "
  `);
  expect(await devpi('login', 'nobody', '--password=x')).toMatchInlineSnapshot(`
    "POST http://localhost:4040/+login
    401 Unauthorized: user 'nobody' could not be authenticated
    [exit 1]
    "
  `);
  expect(await devpi('use', `${server.url}/ursula/nope`)).toMatchInlineSnapshot(`
    "GET http://localhost:4040/ursula/nope/+api
    404 Not Found: The stage ursula/nope could not be found.
    [exit 1]
    "
  `);
  expect(await devpi('use', '--delete')).toMatchInlineSnapshot(`
    "REMOVED configuration at ~/.devpi/client/current.json
    "
  `);
});

it('says that a server is not there', async () => {
  await using client = await openDevpi();

  expect(await client.devpi('use', 'http://localhost:1/')).toMatchInlineSnapshot(`
    "could not connect to 'http://localhost:1/+api':
    HTTPConnectionPool(host='localhost', port=1): Max retries exceeded with url: /+api (Caused by NewConnectionError("HTTPConnection(host='localhost', port=1): Failed to establish a new connection: [Errno 111] Connection refused"))
    [exit 1]
    "
  `);
});

it('makes, shows, changes and deletes users', async () => {
  await using client = await openOwner('otto/dev');
  const { devpi, devpiWith } = client;

  expect(await devpi('user')).toMatchInlineSnapshot(`
    "http://localhost:4040/otto:
      created=TIME
    "
  `);
  expect(await devpi('user', 'root')).toMatchInlineSnapshot(`
    "http://localhost:4040/root:
      created=TIME
    "
  `);
  expect(await devpi('user', '-c', 'otto', 'password=456')).toMatchInlineSnapshot(`
    "PUT http://localhost:4040/otto
    409 Conflict: user already exists
    [exit 1]
    "
  `);
  expect(await devpi('user', '-c', 'bad name', 'password=1')).toMatchInlineSnapshot(`
    "*redirected from http://localhost:4040/bad name to http://localhost:4040/bad%20name
    PUT http://localhost:4040/bad%20name
    400 Bad Request: username 'bad name' contains characters that aren't allowed. Any ascii symbol besides -.@_ is blocked.
    [exit 1]
    "
  `);
  expect(await devpi('user', '-m', 'otto', 'email=otto@example.com')).toMatchInlineSnapshot(`
    "/otto changing email: otto@example.com
    user modified: otto
    "
  `);
  expect(await devpi('user', '-m', 'otto', 'password=4567')).toMatchInlineSnapshot(`
    "/otto changing password: ********
    user modified: otto
    "
  `);
  expect(await devpi('user', '-m', 'root', 'email=x@example.com')).toMatchInlineSnapshot(`
    "/root changing email: x@example.com
    PATCH http://localhost:4040/root
    403 Forbidden: no permission to modify user root
    [exit 1]
    "
  `);
  expect(await devpi('login', 'otto', '--password=4567')).toMatchInlineSnapshot(`
    "logged in 'otto' at 'http://localhost:4040/otto/dev', credentials valid for 10.00 hours
    "
  `);
  expect(await devpiWith({ input: 'short\nshort\nyes\n' }, 'passwd')).toMatchInlineSnapshot(`
    "password with less than 8 characters, are you sure to use it? (yes/no)? /otto changing password: ********
    user modified: otto
    "
  `);
  expect(await devpiWith({ input: 'longenough\nlongenough\n' }, 'passwd', 'otto')).toMatchInlineSnapshot(`
    "/otto changing password: ********
    user modified: otto
    "
  `);
  expect(await devpi('login', 'otto', '--password=short')).toMatchInlineSnapshot(`
    "POST http://localhost:4040/+login
    401 Unauthorized: user 'otto' could not be authenticated
    [exit 1]
    "
  `);
  expect(await devpi('login', 'otto', '--password=longenough')).toMatchInlineSnapshot(`
    "logged in 'otto' at 'http://localhost:4040/otto/dev', credentials valid for 10.00 hours
    "
  `);
  expect(await devpi('user', '-y', '--delete', 'root')).toMatchInlineSnapshot(`
    "About to remove: http://localhost:4040/root
    Are you sure (yes/no)? yes (autoset from -y option)
    DELETE http://localhost:4040/root
    403 Forbidden: no permission to delete user root
    [exit 1]
    "
  `);
  expect(await devpi('user', '-y', '--delete', 'otto')).toMatchInlineSnapshot(`
    "About to remove: http://localhost:4040/otto
    Are you sure (yes/no)? yes (autoset from -y option)
    user deleted: otto
    "
  `);
  expect(await devpi('use')).toMatchInlineSnapshot(`
    "GET http://localhost:4040/otto/dev/+api
    404 Not Found: The stage otto/dev could not be found.
    [exit 1]
    "
  `);
});

it('makes, shows, changes and deletes indexes', async () => {
  await using client = await openOwner('ina/first');
  const { devpi } = client;

  expect(await devpi('index', '-c', 'dev')).toMatchInlineSnapshot(`
    "http://localhost:4040/ina/dev?no_projects=:
      type=stage
      bases=
      volatile=True
      acl_upload=ina
      acl_toxresult_upload=:ANONYMOUS:
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('index', '-c', 'dev')).toMatchInlineSnapshot(`
    "PUT http://localhost:4040/ina/dev
    409 Conflict: index 'ina/dev' exists
    [exit 1]
    "
  `);
  expect(await devpi('index', '-l')).toMatchInlineSnapshot(`
    "ina/dev
    ina/first
    "
  `);
  expect(await devpi('index')).toMatchInlineSnapshot(`
    "http://localhost:4040/ina/first:
      type=stage
      bases=
      volatile=True
      acl_upload=ina
      acl_toxresult_upload=:ANONYMOUS:
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('index', 'ina/dev')).toMatchInlineSnapshot(`
    "http://localhost:4040/ina/dev:
      type=stage
      bases=
      volatile=True
      acl_upload=ina
      acl_toxresult_upload=:ANONYMOUS:
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('index', 'root/pypi')).toMatchInlineSnapshot(`
    "http://localhost:4040/root/pypi:
      type=mirror
      volatile=False
      mirror_url=PYPI/simple/
      mirror_web_url_fmt=PYPI/project/{name}/
      title=PyPI
    "
  `);
  expect(await devpi('index', 'nope')).toMatchInlineSnapshot(`
    "[exit 1]
    "
  `);
  expect(await devpi('index', 'dev', 'volatile=False')).toMatchInlineSnapshot(`
    "/ina/dev volatile=False
    http://localhost:4040/ina/dev?no_projects=:
      type=stage
      bases=
      volatile=False
      acl_upload=ina
      acl_toxresult_upload=:ANONYMOUS:
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('index', 'dev', 'acl_upload+=root')).toMatchInlineSnapshot(`
    "/ina/dev acl_upload+=root
    http://localhost:4040/ina/dev?no_projects=:
      type=stage
      bases=
      volatile=False
      acl_upload=ina,root
      acl_toxresult_upload=:ANONYMOUS:
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('index', 'dev', 'acl_upload-=root')).toMatchInlineSnapshot(`
    "/ina/dev acl_upload-=root
    http://localhost:4040/ina/dev?no_projects=:
      type=stage
      bases=
      volatile=False
      acl_upload=ina
      acl_toxresult_upload=:ANONYMOUS:
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('index', 'dev', 'acl_upload-=root')).toMatchInlineSnapshot(`
    "/ina/dev acl_upload-=root
    PATCH http://localhost:4040/ina/dev
    400 Bad Request: The 'acl_upload' setting doesn't have value 'root'
    [exit 1]
    "
  `);
  expect(await devpi('index', 'dev', 'bases=ina/first')).toMatchInlineSnapshot(`
    "/ina/dev bases=ina/first
    http://localhost:4040/ina/dev?no_projects=:
      type=stage
      bases=ina/first
      volatile=False
      acl_upload=ina
      acl_toxresult_upload=:ANONYMOUS:
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('index', 'dev', 'bases=root/nope')).toMatchInlineSnapshot(`
    "/ina/dev bases=root/nope
    PATCH http://localhost:4040/ina/dev
    400 Bad Request: base index 'root/nope' does not exist
    [exit 1]
    "
  `);
  expect(await devpi('index', 'dev', 'nonsense=1')).toMatchInlineSnapshot(`
    "/ina/dev nonsense=1
    PATCH http://localhost:4040/ina/dev
    400 Bad Request: indexconfig got unexpected keyword arguments: nonsense=1
    [exit 1]
    "
  `);
  expect(await devpi('index', 'dev', 'title=hello', 'description=two words')).toMatchInlineSnapshot(`
    "/ina/dev title=hello
    /ina/dev description=two words
    http://localhost:4040/ina/dev?no_projects=:
      type=stage
      bases=ina/first
      volatile=False
      acl_upload=ina
      acl_toxresult_upload=:ANONYMOUS:
      description=two words
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
      title=hello
    "
  `);
  expect(await devpi('index', 'dev', 'title-=')).toMatchInlineSnapshot(`
    "/ina/dev title-=
    http://localhost:4040/ina/dev?no_projects=:
      type=stage
      bases=ina/first
      volatile=False
      acl_upload=ina
      acl_toxresult_upload=:ANONYMOUS:
      description=two words
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('index', '-c', 'mirror', 'type=mirror', 'mirror_url=http://127.0.0.1:9/simple/'))
    .toMatchInlineSnapshot(`
    "http://localhost:4040/ina/mirror?no_projects=:
      type=mirror
      volatile=True
      mirror_url=http://127.0.0.1:9/simple/
    "
  `);
  expect(await devpi('index', '-c', 'root/other')).toMatchInlineSnapshot(`
    "PUT http://localhost:4040/root/other
    403 Forbidden: no permission to create index root/other
    [exit 1]
    "
  `);
  expect(await devpi('index', 'root/pypi', 'volatile=True')).toMatchInlineSnapshot(`
    "/root/pypi volatile=True
    PATCH http://localhost:4040/root/pypi
    403 Forbidden: no permission to modify index root/pypi
    [exit 1]
    "
  `);
  expect(await devpi('index', '-y', '--delete', 'dev')).toMatchInlineSnapshot(`
    "About to remove: http://localhost:4040/ina/dev
    Are you sure (yes/no)? yes (autoset from -y option)
    DELETE http://localhost:4040/ina/dev
    403 Forbidden: index ina/dev non-volatile, cannot delete
    [exit 1]
    "
  `);
  expect(await devpi('index', '-y', '--delete', 'dev', 'volatile=True')).toMatchInlineSnapshot(`
    "cannot delete if you specify key=values
    [exit 1]
    "
  `);
  expect(await devpi('index', 'dev', 'volatile=True')).toMatchInlineSnapshot(`
    "/ina/dev volatile=True
    http://localhost:4040/ina/dev?no_projects=:
      type=stage
      bases=ina/first
      volatile=True
      acl_upload=ina
      acl_toxresult_upload=:ANONYMOUS:
      description=two words
      mirror_whitelist=
      mirror_whitelist_inheritance=intersection
    "
  `);
  expect(await devpi('index', '-y', '--delete', 'dev')).toMatchInlineSnapshot(`
    "About to remove: http://localhost:4040/ina/dev
    Are you sure (yes/no)? yes (autoset from -y option)
    index deleted: http://localhost:4040/ina/dev
    "
  `);
  expect(await devpi('index', '-y', '--delete', 'dev')).toMatchInlineSnapshot(`
    "About to remove: http://localhost:4040/ina/dev
    Are you sure (yes/no)? yes (autoset from -y option)
    DELETE http://localhost:4040/ina/dev
    404 Not Found: The stage ina/dev could not be found.
    [exit 1]
    "
  `);
  expect(await devpi('logoff')).toMatchInlineSnapshot(`
    "login information deleted
    "
  `);
  expect(await devpi('index', '-c', 'ina/third')).toMatchInlineSnapshot(`
    "you need to be logged in (use 'devpi login USER')
    [exit 1]
    "
  `);
});

it('builds, uploads, lists and removes releases', async () => {
  await using client = await openOwner('lena/dev');
  const { devpi, devpiWith, session } = client;
  await writeProject(session, '1.0');

  expect(await devpi('upload', '--no-vcs', '--no-isolation')).toMatchInlineSnapshot(`
    "using workdir /tmp/devpi-XXXX
    pre-build: cleaning dist
    --> .$ python -m build --no-isolation
    built: dist/hello_world-1.0-py3-none-any.whl SIZE
    built: dist/hello_world-1.0.tar.gz SIZE
    file_upload of hello_world-1.0-py3-none-any.whl to http://localhost:4040/lena/dev/
    file_upload of hello_world-1.0.tar.gz to http://localhost:4040/lena/dev/
    "
  `);
  expect(await devpi('list')).toMatchInlineSnapshot(`
    "hello-world
    "
  `);
  expect(await devpi('list', '-v')).toMatchInlineSnapshot(`
    "Hello.World==1.0
    "
  `);
  expect(await devpi('list', 'hello-world')).toMatchInlineSnapshot(`
    "http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0-py3-none-any.whl
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0.tar.gz
    "
  `);

  await writeProject(session, '1.1');
  await session.succeed('pyproject-build', ['--no-isolation']);
  const files = ['dist/hello_world-1.1-py3-none-any.whl', 'dist/hello_world-1.1.tar.gz'];

  expect(await devpi('upload', '--dry-run', ...files)).toMatchInlineSnapshot(`
    "skipped: file_upload of hello_world-1.1-py3-none-any.whl to http://localhost:4040/lena/dev/
    skipped: file_upload of hello_world-1.1.tar.gz to http://localhost:4040/lena/dev/
    "
  `);
  expect(await devpi('upload', ...files)).toMatchInlineSnapshot(`
    "file_upload of hello_world-1.1-py3-none-any.whl to http://localhost:4040/lena/dev/
    file_upload of hello_world-1.1.tar.gz to http://localhost:4040/lena/dev/
    "
  `);
  expect(await devpi('upload', '--from-dir', 'dist')).toMatchInlineSnapshot(`
    "file_upload of hello_world-1.0-py3-none-any.whl to http://localhost:4040/lena/dev/
    file_upload of hello_world-1.0.tar.gz to http://localhost:4040/lena/dev/
    file_upload of hello_world-1.1-py3-none-any.whl to http://localhost:4040/lena/dev/
    file_upload of hello_world-1.1.tar.gz to http://localhost:4040/lena/dev/
    "
  `);
  expect(await devpi('list')).toMatchInlineSnapshot(`
    "hello-world
    "
  `);
  expect(await devpi('list', '-v')).toMatchInlineSnapshot(`
    "Hello.World==1.1
    "
  `);
  expect(await devpi('list', 'hello-world')).toMatchInlineSnapshot(`
    "http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1-py3-none-any.whl
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1.tar.gz
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0-py3-none-any.whl
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0.tar.gz
    "
  `);
  expect(await devpi('list', 'hello-world', '--all')).toMatchInlineSnapshot(`
    "http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1-py3-none-any.whl
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1.tar.gz
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0-py3-none-any.whl
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0.tar.gz
    "
  `);
  expect(await devpi('list', 'Hello.World==1.0')).toMatchInlineSnapshot(`
    "*redirected from http://localhost:4040/lena/dev/Hello.World/ to http://localhost:4040/lena/dev/hello-world
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0-py3-none-any.whl
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0.tar.gz
    "
  `);
  expect(await devpi('list', 'hello-world<1.1')).toMatchInlineSnapshot(`
    "http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0-py3-none-any.whl
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0.tar.gz
    "
  `);
  expect(await devpi('list', '--index', 'lena/dev')).toMatchInlineSnapshot(`
    "hello-world
    "
  `);
  expect(await devpi('list', 'nothing-here')).toMatchInlineSnapshot(`
    "GET http://localhost:4040/lena/dev/nothing-here/
    404 Not Found: no project 'nothing-here'
    [exit 1]
    "
  `);
  expect(await devpi('remove', '-y', 'hello-world==1.0')).toMatchInlineSnapshot(`
    "About to remove the following releases and distributions
    version: 1.0
      - http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0-py3-none-any.whl
      - http://localhost:4040/lena/dev/+f/HASH/hello_world-1.0.tar.gz
    Are you sure (yes/no)? yes (autoset from -y option)
    deleting release 1.0 of hello-world
    "
  `);
  expect(await devpiWith({ input: 'no\n' }, 'remove', 'hello-world==1.1')).toMatchInlineSnapshot(`
    "About to remove the following releases and distributions
    version: 1.1
      - http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1-py3-none-any.whl
      - http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1.tar.gz
    Are you sure (yes/no)? not deleting anything
    "
  `);
  expect(await devpi('list', 'hello-world', '--all')).toMatchInlineSnapshot(`
    "http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1-py3-none-any.whl
    http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1.tar.gz
    "
  `);
  expect(await devpi('remove', '-y', 'hello-world')).toMatchInlineSnapshot(`
    "About to remove the following releases and distributions
    version: 1.1
      - http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1-py3-none-any.whl
      - http://localhost:4040/lena/dev/+f/HASH/hello_world-1.1.tar.gz
    Are you sure (yes/no)? yes (autoset from -y option)
    "
  `);
  expect(await devpi('list')).toMatchInlineSnapshot(`""`);
  expect(await devpi('remove', '-y', 'hello-world')).toMatchInlineSnapshot(`
    "GET http://localhost:4040/lena/dev/hello-world/?ignore_bases=
    404 Not Found: no project 'hello-world'
    [exit 1]
    "
  `);
});

it('stores what it built byte for byte', async () => {
  await using client = await openOwner('bea/dev');
  const { session, index } = client;
  await writeProject(session, '1.0');
  await session.succeed('devpi', ['upload', '--no-vcs', '--no-isolation']);

  const { stdout } = await session.succeed('devpi', ['list', 'hello-world']);
  const urls = stdout.trim().split('\n');

  expect(urls.map((url) => basename(url))).toEqual([
    'hello_world-1.0-py3-none-any.whl',
    'hello_world-1.0.tar.gz',
  ]);
  for (const url of urls) {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(url).toBe(`${index.url}/+f/${digest.slice(0, 3)}/${digest.slice(3, 16)}/${basename(url)}`);
  }
});

it('says why an upload or a removal is refused', async () => {
  await using client = await openOwner('rita/prod', { volatile: false });
  await createIndex(server, 'bob/dev');
  const { devpi, session } = client;
  const file = await session.write(`dist/${wheelFilename()}`, wheel());
  const other = await session.write(`other/${wheelFilename()}`, wheel({ description: 'changed' }));
  const broken = await session.write('broken/demo-2.0-py3-none-any.whl', wheel());

  expect(await devpi('upload', file)).toMatchInlineSnapshot(`
    "file_upload of demo-1.0-py3-none-any.whl to http://localhost:4040/rita/prod/
    "
  `);
  expect(await devpi('upload', file)).toMatchInlineSnapshot(`
    "file_upload of demo-1.0-py3-none-any.whl to http://localhost:4040/rita/prod/
    "
  `);
  expect(await devpi('upload', other)).toMatchInlineSnapshot(`
    "409 FAIL file_upload of demo-1.0-py3-none-any.whl to http://localhost:4040/rita/prod/
    demo-1.0-py3-none-any.whl already exists in non-volatile index
    POST to http://localhost:4040/rita/prod/ FAILED
    [exit 1]
    "
  `);
  expect(await devpi('upload', broken)).toMatchInlineSnapshot(`
    "400 FAIL file_upload of demo-2.0-py3-none-any.whl to http://localhost:4040/rita/prod/
    filename 'demo-2.0-py3-none-any.whl' does not contain version '1.0'
    POST to http://localhost:4040/rita/prod/ FAILED
    [exit 1]
    "
  `);
  expect(await devpi('upload', '--index', 'root/pypi', file)).toMatchInlineSnapshot(`
    "404 FAIL file_upload of demo-1.0-py3-none-any.whl to http://localhost:4040/root/pypi/
    cannot submit to mirror index
    POST to http://localhost:4040/root/pypi/ FAILED
    [exit 1]
    "
  `);
  expect(await devpi('upload', 'missing.whl')).toMatchInlineSnapshot(`
    "path does not exist: missing.whl
    [exit 1]
    "
  `);
  expect(await devpi('remove', '-y', 'demo==1.0')).toMatchInlineSnapshot(`
    "About to remove the following releases and distributions
    version: 1.0
      - http://localhost:4040/rita/prod/+f/HASH/demo-1.0-py3-none-any.whl
    Are you sure (yes/no)? yes (autoset from -y option)
    deleting release 1.0 of demo
    DELETE http://localhost:4040/rita/prod/demo/1.0
    403 Forbidden: cannot delete version on non-volatile index
    [exit 1]
    "
  `);
  expect(await devpi('remove', '-f', '-y', 'demo==1.0')).toMatchInlineSnapshot(`
    "About to remove the following releases and distributions
    version: 1.0
      - http://localhost:4040/rita/prod/+f/HASH/demo-1.0-py3-none-any.whl
    Are you sure (yes/no)? yes (autoset from -y option)
    deleting release 1.0 of demo
    "
  `);

  await session.succeed('devpi', ['upload', file]);
  await session.succeed('devpi', ['login', 'bob', '--password=secret of bob']);

  expect(await devpi('upload', file)).toMatchInlineSnapshot(`
    "403 FAIL file_upload of demo-1.0-py3-none-any.whl to http://localhost:4040/rita/prod/
    no permission to submit
    POST to http://localhost:4040/rita/prod/ FAILED
    [exit 1]
    "
  `);
  expect(await devpi('remove', '-f', '-y', 'demo==1.0')).toMatchInlineSnapshot(`
    "About to remove the following releases and distributions
    version: 1.0
      - http://localhost:4040/rita/prod/+f/HASH/demo-1.0-py3-none-any.whl
    Are you sure (yes/no)? yes (autoset from -y option)
    deleting release 1.0 of demo
    DELETE http://localhost:4040/rita/prod/demo/1.0?force=
    403 Forbidden: no permission to remove from rita/prod
    [exit 1]
    "
  `);
  expect(await devpi('logoff')).toMatchInlineSnapshot(`
    "login information deleted
    "
  `);
  expect(await devpi('upload', file)).toMatchInlineSnapshot(`
    "401 FAIL file_upload of demo-1.0-py3-none-any.whl to http://localhost:4040/rita/prod/
    Unauthorized: log in to upload
    POST to http://localhost:4040/rita/prod/ FAILED
    [exit 1]
    "
  `);
  expect(await devpi('list')).toMatchInlineSnapshot(`
    "demo
    "
  `);
});

it('reads and patches JSON', async () => {
  await using client = await openOwner('jo/dev');
  const { devpi, session } = client;
  await session.write(wheelFilename(), wheel());
  await session.succeed('devpi', ['upload', wheelFilename()]);
  await session.write('ops.json', '["title=patched", "acl_upload+=root"]');
  await session.write('whole.json', '{"volatile": false, "type": "stage", "bases": [], "title": "whole"}');
  await session.write('bad.json', '{"bases": ["nope"]}');

  expect(await devpi('getjson', '/+api')).toMatchInlineSnapshot(`
    "{
        "result": {
            "authstatus": [
                "ok",
                "jo",
                []
            ],
            "features": [
                "push-no-docs",
                "push-only-docs",
                "push-register-project",
                "server-keyvalue-parsing"
            ],
            "login": "http://localhost:4040/+login"
        },
        "type": "apiconfig"
    }
    "
  `);
  expect(await devpi('getjson', '/jo')).toMatchInlineSnapshot(`
    "{
        "result": {
            "created": "TIME",
            "indexes": {
                "dev": {
                    "acl_toxresult_upload": [
                        ":ANONYMOUS:"
                    ],
                    "acl_upload": [
                        "jo"
                    ],
                    "bases": [],
                    "mirror_whitelist": [],
                    "mirror_whitelist_inheritance": "intersection",
                    "type": "stage",
                    "volatile": true
                }
            },
            "username": "jo"
        },
        "type": "userconfig"
    }
    "
  `);
  expect(await devpi('getjson', '/jo/dev')).toMatchInlineSnapshot(`
    "{
        "result": {
            "acl_toxresult_upload": [
                ":ANONYMOUS:"
            ],
            "acl_upload": [
                "jo"
            ],
            "bases": [],
            "mirror_whitelist": [],
            "mirror_whitelist_inheritance": "intersection",
            "projects": [
                "demo"
            ],
            "type": "stage",
            "volatile": true
        },
        "type": "indexconfig"
    }
    "
  `);
  expect(await devpi('getjson', 'demo')).toMatchInlineSnapshot(`
    "{
        "result": {
            "1.0": {
                "+links": [
                    {
                        "hash_spec": "sha256=HEX",
                        "hashes": {
                            "md5": "HEX",
                            "sha256": "HEX"
                        },
                        "href": "http://localhost:4040/jo/dev/+f/HASH/demo-1.0-py3-none-any.whl",
                        "log": [
                            {
                                "dst": "jo/dev",
                                "what": "upload",
                                "when": TIME,
                                "who": "jo"
                            }
                        ],
                        "rel": "releasefile"
                    }
                ],
                "author": "",
                "author_email": "",
                "classifiers": [],
                "comment": "",
                "description": "",
                "description_content_type": "",
                "download_url": "",
                "dynamic": [],
                "home_page": "",
                "import_names": [],
                "import_namespaces": [],
                "keywords": "",
                "license": "",
                "license_expression": "",
                "license_file": [],
                "maintainer": "",
                "maintainer_email": "",
                "metadata_version": "2.1",
                "name": "demo",
                "obsoletes": [],
                "obsoletes_dist": [],
                "platform": [],
                "project_urls": [],
                "provides": [],
                "provides_dist": [],
                "provides_extras": [],
                "requires": [],
                "requires_dist": [],
                "requires_external": [],
                "requires_python": "",
                "summary": "",
                "supported_platform": [],
                "version": "1.0"
            }
        },
        "type": "projectconfig"
    }
    "
  `);
  expect(await devpi('getjson', '/jo/dev/demo/1.0')).toMatchInlineSnapshot(`
    "{
        "result": {
            "+links": [
                {
                    "hash_spec": "sha256=HEX",
                    "hashes": {
                        "md5": "HEX",
                        "sha256": "HEX"
                    },
                    "href": "http://localhost:4040/jo/dev/+f/HASH/demo-1.0-py3-none-any.whl",
                    "log": [
                        {
                            "dst": "jo/dev",
                            "what": "upload",
                            "when": TIME,
                            "who": "jo"
                        }
                    ],
                    "rel": "releasefile"
                }
            ],
            "author": "",
            "author_email": "",
            "classifiers": [],
            "comment": "",
            "description": "",
            "description_content_type": "",
            "download_url": "",
            "dynamic": [],
            "home_page": "",
            "import_names": [],
            "import_namespaces": [],
            "keywords": "",
            "license": "",
            "license_expression": "",
            "license_file": [],
            "maintainer": "",
            "maintainer_email": "",
            "metadata_version": "2.1",
            "name": "demo",
            "obsoletes": [],
            "obsoletes_dist": [],
            "platform": [],
            "project_urls": [],
            "provides": [],
            "provides_dist": [],
            "provides_extras": [],
            "requires": [],
            "requires_dist": [],
            "requires_external": [],
            "requires_python": "",
            "summary": "",
            "supported_platform": [],
            "version": "1.0"
        },
        "type": "versiondata"
    }
    "
  `);
  expect(await devpi('getjson', '/jo/dev/none')).toMatchInlineSnapshot(`
    "GET http://localhost:4040/jo/dev/none
    404 Not Found: no project 'none'
    [exit 1]
    "
  `);
  expect(await devpi('getjson', '/jo/nope')).toMatchInlineSnapshot(`
    "GET http://localhost:4040/jo/nope
    404 Not Found: The stage jo/nope could not be found.
    [exit 1]
    "
  `);
  expect(await devpi('getjson', '/nobody')).toMatchInlineSnapshot(`
    "GET http://localhost:4040/nobody
    404 Not Found: no user 'nobody'
    [exit 1]
    "
  `);
  expect(await devpi('patchjson', '/jo/dev', 'ops.json')).toMatchInlineSnapshot(`
    "PATCH REQUEST sent to http://localhost:4040/jo/dev
    {
        "result": {
            "acl_toxresult_upload": [
                ":ANONYMOUS:"
            ],
            "acl_upload": [
                "jo",
                "root"
            ],
            "bases": [],
            "mirror_whitelist": [],
            "mirror_whitelist_inheritance": "intersection",
            "title": "patched",
            "type": "stage",
            "volatile": true
        },
        "type": "indexconfig"
    }
    "
  `);
  expect(await devpi('patchjson', '/jo/dev', 'whole.json')).toMatchInlineSnapshot(`
    "PATCH REQUEST sent to http://localhost:4040/jo/dev
    {
        "result": {
            "acl_toxresult_upload": [
                ":ANONYMOUS:"
            ],
            "acl_upload": [
                "jo",
                "root"
            ],
            "bases": [],
            "mirror_whitelist": [],
            "mirror_whitelist_inheritance": "intersection",
            "title": "whole",
            "type": "stage",
            "volatile": false
        },
        "type": "indexconfig"
    }
    "
  `);
  expect(await devpi('patchjson', '/jo/dev', 'bad.json')).toMatchInlineSnapshot(`
    "PATCH http://localhost:4040/jo/dev
    400 Bad Request: invalid base index spec: 'nope'
    [exit 1]
    "
  `);
});

async function writeProject(
  session: { write(path: string, content: string): Promise<string> },
  version: string,
): Promise<void> {
  const lines = [
    '[build-system]',
    'requires = ["setuptools"]',
    'build-backend = "setuptools.build_meta"',
    '[project]',
    'name = "Hello.World"',
    `version = "${version}"`,
    'description = "says hello"',
    'requires-python = ">=3.8"',
  ];
  await session.write('pyproject.toml', `${lines.join('\n')}\n`);
  await session.write('hello_world.py', 'print("hello")\n');
}
