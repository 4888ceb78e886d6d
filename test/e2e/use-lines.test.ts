import { appendFile, chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClientSession, type ClientSession } from '#test/client-session.ts';
import { clientPath } from '#test/clients.ts';
import { createIndex, request, upload, wheelUpload } from '#test/index-api.ts';
import { startServer, type ServerProcess } from '#test/server.ts';
import { useLines, type Step, type ToolLines } from '../../src/packages/overview/use-lines.ts';

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

type Index = Awaited<ReturnType<typeof createIndex>>;

const PROJECT = [
  '[project]',
  'name = "poem-book"',
  'version = "1.0"',
  'description = "verses"',
  'requires-python = ">=3.11,<4"',
  'dependencies = []',
  '[tool.pdm]',
  'distribution = false',
];

/** Only poetry builds it; the others would ask our index for what they build with. */
const BUILT_BY_POETRY = [
  '[build-system]',
  'requires = ["poetry-core"]',
  'build-backend = "poetry.core.masonry.api"',
  '[tool.poetry]',
  'packages = [{ include = "poem_book" }]',
];

async function tokenOf(index: Index): Promise<string> {
  const json = { name: 'lines', scopes: ['packages.read', 'packages.upload'], days: 1 };
  const { text } = await request(server, 'POST', '/+tokens', index, json);
  return (JSON.parse(text) as { result: { token: string } }).result.token;
}

/** Types the steps into one shell, as a person does who copies them. */
async function follow(
  session: ClientSession,
  tool: ToolLines['tool'],
  steps: readonly Step[],
  token: string,
) {
  const program = tool === 'twine' || tool === 'uv' || tool === 'pdm' || tool === 'poetry' ? tool : 'pip';
  const lines = ['set -e'];
  for (const { text, file } of steps) {
    if (file === undefined) {
      lines.push(text);
      continue;
    }
    const path = file.replace('~', session.home);
    await appendFile(path, `${text.replace('TOKEN', token)}\n`);
    await chmod(path, 0o600);
  }
  const python = join(session.directory, 'venv', 'bin');
  return await session.runProgram(['bash', '-c', lines.join('\n')], {
    input: `${token}\n`.repeat(3),
    env: {
      PATH: [python, dirname(clientPath(program)), process.env.PATH].join(':'),
      VIRTUAL_ENV: join(session.directory, 'venv'),
      // uv believes this more than VIRTUAL_ENV; elsewhere in tests it names the environment that all share.
      UV_PYTHON: join(python, 'python'),
      PIP_CONFIG_FILE: undefined,
      PIP_TARGET: join(session.directory, 'installed'),
      POETRY_VIRTUALENVS_CREATE: 'false',
      POETRY_KEYRING_ENABLED: 'false',
      PDM_CHECK_UPDATE: '0',
      PDM_PYTHON: join(python, 'python'),
    },
  });
}

describe.each([true, false])('of an index whose readers are named: %s', (isPrivate) => {
  it.each(['pip', 'uv', 'poetry', 'pdm', 'twine'] as const)('%s does what its lines say', async (tool) => {
    await using session = await openClientSession();
    const name = `${tool}-${isPrivate ? 'private' : 'public'}/dev`;
    const index = await createIndex(server, name, isPrivate ? { acl_read: [] } : {});
    expect((await upload(index, wheelUpload())).status).toBe(200);
    const lines = useLines({
      user: index.user,
      name: 'dev',
      url: index.url,
      isPrivate,
      hasMirror: true,
      takesUploads: true,
      project: 'demo',
    }).find((each) => each.tool === tool);
    await session.makeVenv();
    await session.write('poem_book/__init__.py', 'verses = 1\n');
    await session.write('README.md', 'verses\n');
    const project = tool === 'poetry' ? [...PROJECT, ...BUILT_BY_POETRY] : PROJECT;
    if (tool !== 'pip') await session.write('pyproject.toml', `${project.join('\n')}\n`);
    const built = wheelUpload({ name: 'sent', version: '2.0' });
    await session.write(`dist/${built.filename}`, built.bytes);

    // pdm builds before it publishes; what is in dist is sent without.
    const steps = (lines?.steps ?? []).map((step) => ({
      ...step,
      text: step.text.replace('pdm publish', 'pdm publish --no-build'),
    }));
    const { exitCode, stdout, stderr } = await follow(session, tool, steps, await tokenOf(index));

    expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
    const sent = tool === 'poetry' ? 'poem-book' : 'sent';
    if (tool !== 'pip') expect(await projectsOf(index, sent)).not.toEqual([]);
    if (tool !== 'twine') expect(`${stdout}\n${stderr}`).toMatch(/demo/);
  });
});

async function projectsOf(index: Index, project: string) {
  const { text } = await request(server, 'GET', `/${index.user}/dev/${project}`, index);
  const { result } = JSON.parse(text) as { result?: Record<string, unknown> };
  return Object.keys(result ?? {});
}
