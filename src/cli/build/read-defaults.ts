import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from '../errors.ts';
import { readIni } from '../installers/edit-ini.ts';
import { printable } from '../printable.ts';

/** What a project says of its uploads. */
export interface UploadDefaults {
  readonly noVcs?: boolean;
  readonly setupdirOnly?: boolean;
  readonly sdist?: boolean;
  readonly wheel?: boolean;
  readonly withDocs?: boolean;
  readonly onlyDocs?: boolean;
  readonly formats?: string;
}

const keys = {
  'no-vcs': 'noVcs',
  'setupdir-only': 'setupdirOnly',
  sdist: 'sdist',
  wheel: 'wheel',
  'with-docs': 'withDocs',
  'only-docs': 'onlyDocs',
} as const;

const SECTION = 'devpi:upload';

/** `[tool.devpi.upload]` of pyproject.toml, or `[devpi:upload]` of setup.cfg; prints what it found. Throws `cli.bad-input-file`. */
export async function readDefaults(directory: string): Promise<UploadDefaults> {
  const setup = await readSetup(join(directory, 'setup.cfg'));
  const project = await readProject(join(directory, 'pyproject.toml'));
  if (setup !== undefined && project !== undefined) {
    throw bad('Got configuration in pyproject.toml and setup.cfg, choose one.');
  }
  return setup ?? project ?? {};
}

async function readProject(path: string): Promise<UploadDefaults | undefined> {
  const text = await readOptional(path);
  if (text === undefined) return undefined;
  let data: unknown;
  try {
    data = parse(text);
  } catch (cause) {
    throw bad(`${path}: ${(cause as Error).message.split('\n')[0]}`, cause);
  }
  const section = Section.safeParse(data).data?.tool?.devpi?.upload;
  if (section === undefined) return undefined;
  say(`detected tool.devpi.upload section in ${path}`);
  if ('formats' in section) {
    throw bad("The 'formats' option is deprecated and not supported in pyproject.toml.");
  }
  return read('pyproject.toml [tool.devpi.upload]', (key) => {
    const value = section[key];
    if (value === undefined || typeof value === 'boolean') return value;
    throw bad(`Got non-boolean ${JSON.stringify(value)} for '${key}', use true or false.`);
  });
}

const Section = z.looseObject({
  tool: z
    .looseObject({
      devpi: z.looseObject({ upload: z.record(z.string(), z.unknown()).optional() }).optional(),
    })
    .optional(),
});

async function readSetup(path: string): Promise<UploadDefaults | undefined> {
  const text = await readOptional(path);
  if (text === undefined || !text.split(/\r?\n/).includes(`[${SECTION}]`)) return undefined;
  say(`detected ${SECTION} section in ${path}`);
  const valueOf = (key: string) => readIni(text, key, SECTION)?.join(' ');
  const formats = valueOf('formats');
  const defaults = read(`setup.cfg [${SECTION}]`, (key) => {
    const value = valueOf(key)?.toLowerCase();
    if (value === undefined) return undefined;
    if (['y', 'yes', 't', 'true', 'on', '1'].includes(value)) return true;
    if (['', 'n', 'no', 'f', 'false', 'off', '0'].includes(value)) return false;
    throw bad(`Got '${value}' for '${key}' from setup.cfg, use yes or no.`);
  });
  return { ...defaults, ...(formats !== undefined && formats !== '' && { formats }) };
}

function read(place: string, valueOf: (key: string) => boolean | undefined): UploadDefaults {
  const found: Record<string, boolean> = {};
  for (const [key, name] of Object.entries(keys)) {
    const value = valueOf(key);
    if (value === undefined) continue;
    say(`Got ${key}=${value ? 'True' : 'False'} from ${place}.`);
    found[name] = value;
  }
  return found;
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw bad(`cannot read ${path}: ${(cause as Error).message}`, cause);
  }
}

function say(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

function bad(message: string, cause?: unknown): AppError {
  return new AppError(cliErrors.badInputFile, message, { cause });
}
