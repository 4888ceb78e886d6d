import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runWheelhouse } from '#test/run-wheelhouse.ts';
import { makeTemporaryDirectory } from '#test/temporary-directory.ts';

/** Runs the program in a directory with a configuration file; its path is shown as the name alone. */
async function runWith(yaml: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await using directory = await makeTemporaryDirectory();
  const file = join(directory.path, 'wheelhouse.yml');
  await writeFile(file, yaml);
  const result = await runWheelhouse([...args, '--serverdir', directory.path], { env });
  const hide = (text: string) => text.replaceAll(`${directory.path}/`, '').replaceAll(directory.path, 'DIR');
  return { ...result, stdout: hide(result.stdout), stderr: hide(result.stderr) };
}

it('reports every problem of the configuration at once, with its place', async () => {
  const yaml = [
    'port: abc',
    'wings: 2',
    'log:',
    '  level: loud',
    'packages.archive-check: perhaps',
    'packages.max-upload-bytes: -1',
    'outside-url: ftp://example.com',
    'allow-empty-root-password: perhaps',
    'database: mysql://user:hidden@host/name',
    'log.format:',
  ];
  const env = { WHEELHOUSE_HOST: '', WHEELHOUSE_WINGS: '2' };

  const result = await runWith(`${yaml.join('\n')}\n`, ['serve', '--roles', 'web,dance'], env);

  expect(result).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: The configuration has problems
      environment WHEELHOUSE_WINGS: there is no such setting
      wheelhouse.yml:2: there is no setting wings
      environment WHEELHOUSE_HOST: host must not be empty, not ""
      wheelhouse.yml:1: port must be a whole number from 0 to 65535, not "abc"
      wheelhouse.yml:9: database must be "sqlite" or a postgres:// URL
      wheelhouse.yml:7: outside-url must be an http:// or https:// URL, not "ftp://example.com"
      flag --roles: roles must be one of web, jobs, not "web,dance"
      wheelhouse.yml:8: allow-empty-root-password must be yes or no, not "perhaps"
      wheelhouse.yml:4: log.level must be one of trace, debug, info, warn, error, silent, not "loud"
      wheelhouse.yml:10: log.format has no value
      wheelhouse.yml:6: packages.max-upload-bytes must be a whole number of at least 1, not -1
      wheelhouse.yml:5: packages.archive-check must be one of refuse, warn, not "perhaps"

    hint: docs/reference/config.md lists every setting
    ",
      "stdout": "",
    }
  `);
});

it('says where the file is no YAML', async () => {
  expect(await runWith('port: 1\nport: 2\n', ['serve'])).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: wheelhouse.yml:2: Map keys must be unique

    hint: docs/reference/config.md lists every setting
    ",
      "stdout": "",
    }
  `);
  expect(await runWith('- port\n', ['serve'])).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: wheelhouse.yml:1: the file must be a mapping of settings

    hint: docs/reference/config.md lists every setting
    ",
      "stdout": "",
    }
  `);
});

it('says that a file is missing or cannot be read', async () => {
  await using directory = await makeTemporaryDirectory();
  await mkdir(join(directory.path, 'folder.yml'));
  const at = { cwd: directory.path };

  expect(await runWheelhouse(['config', 'show', '--config', 'none.yml'], at)).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: none.yml: no such file

    hint: docs/reference/config.md lists every setting
    ",
      "stdout": "",
    }
  `);
  expect(await runWheelhouse(['config', 'show', '--config', 'folder.yml'], at)).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "stderr": "error: folder.yml: EISDIR: illegal operation on a directory, read

    hint: docs/reference/config.md lists every setting
    ",
      "stdout": "",
    }
  `);
});

it('shows the settings as they are used, without secrets', async () => {
  const yaml = 'database: postgres://user:hidden@host/name\nport: 4040\nlog: { level: warn }\n';

  const lines = (await runWith(yaml, ['config', 'show'])).stdout.split('\n');
  const json = await runWith(yaml, ['config', 'show', '--json']);

  expect(lines).toEqual(
    expect.arrayContaining(['serverdir: "DIR"', 'port: 4040', 'log.level: "warn"', 'database: "[redacted]"']),
  );
  expect(JSON.parse(json.stdout)).toMatchObject({ port: 4040, 'log.level': 'warn', database: '[redacted]' });
  expect(lines.join() + json.stdout).not.toContain('hidden');
});

it('prefers flags to the environment, and that to the file', async () => {
  const show = ['config', 'show', '--json'];

  const fromFile = await runWith('host: from.file\n', show);
  const fromEnvironment = await runWith('host: from.file\n', show, { WHEELHOUSE_HOST: 'from.environment' });

  expect(JSON.parse(fromFile.stdout)).toMatchObject({ host: 'from.file' });
  expect(JSON.parse(fromEnvironment.stdout)).toMatchObject({ host: 'from.environment' });
  expect(JSON.parse(fromEnvironment.stdout)).toMatchObject({ serverdir: 'DIR' });
});
