/** What somebody types or writes down to use an index with one tool. */
export interface ToolLines {
  readonly tool: 'pip' | 'uv' | 'poetry' | 'pdm' | 'twine';
  readonly steps: readonly Step[];
}

export interface Step {
  /** What it is for, as a sentence without full stop. */
  readonly purpose: string;
  /** A command of a shell, or the content of `file`. */
  readonly text: string;
  readonly file?: string;
}

export interface UsedIndex {
  readonly user: string;
  readonly name: string;
  /** Where people reach it, `https://host/user/index`, without a slash at the end. */
  readonly url: string;
  /** True if reading needs a token. */
  readonly isPrivate: boolean;
  /** True if other packages come through it, too, so that nothing else need be asked. */
  readonly hasMirror: boolean;
  /** False for a mirror. */
  readonly takesUploads: boolean;
  /** An example. */
  readonly project: string;
}

/**
 * The commands for each tool, as they can be copied; `TOKEN` in them is an API token, which never stands in an address or an argument.
 * test/e2e/use-lines.test.ts runs them.
 */
export function useLines(index: UsedIndex): readonly ToolLines[] {
  const tools = [pip(index), uv(index), poetry(index), pdm(index), twine(index)];
  return tools.filter(({ steps }) => steps.length > 0);
}

/** The name that tools keep the index by: letters, digits and hyphens, whatever user and index are called. */
export function sourceName({ user, name }: Pick<UsedIndex, 'user' | 'name'>): string {
  const plain = `${user}-${name}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return plain.replace(/^-+|-+$/g, '') || 'wheelhouse';
}

function pip(index: UsedIndex): ToolLines {
  const trusted = isUntrusted(index) ? ` --trusted-host ${hostOf(index)}` : '';
  return {
    tool: 'pip',
    steps: [
      ...netrc(index),
      {
        purpose: 'Install once',
        text: `pip install --index-url ${simple(index)}${trusted} ${index.project}`,
      },
      { purpose: 'Use it always', text: `pip config set global.index-url ${simple(index)}` },
      ...(isUntrusted(index)
        ? [
            {
              purpose: 'Allow plain http for this host',
              text: `pip config set global.trusted-host ${hostOf(index)}`,
            },
          ]
        : []),
    ],
  };
}

function uv(index: UsedIndex): ToolLines {
  const source = sourceName(index);
  const option = index.hasMirror ? '--default-index' : '--index';
  return {
    tool: 'uv',
    steps: [
      ...netrc(index),
      { purpose: 'Add to a project', text: `uv add ${option} ${source}=${simple(index)} ${index.project}` },
      {
        purpose: 'Install without a project',
        text: `uv pip install --index-url ${simple(index)} ${index.project}`,
      },
      ...uploading(index, 'uv', `uv publish --publish-url ${index.url}/`, ['UV_PUBLISH_TOKEN']),
    ],
  };
}

function poetry(index: UsedIndex): ToolLines {
  const source = sourceName(index);
  const variable = `POETRY_HTTP_BASIC_${source.toUpperCase().replaceAll('-', '_')}`;
  const read = index.isPrivate
    ? [variables('Give it the token', `${variable}_USERNAME`, `${variable}_PASSWORD`)]
    : [];
  const upload = index.isPrivate ? [] : [`${variable}_USERNAME`, `${variable}_PASSWORD`];
  return {
    tool: 'poetry',
    steps: [
      ...read,
      {
        purpose: 'Add to a project',
        text: `poetry source add --priority=primary ${source} ${simple(index)}`,
      },
      { purpose: 'Install from it', text: `poetry add --source ${source} ${index.project}` },
      ...(index.takesUploads
        ? [{ purpose: 'Name where to upload', text: `poetry config repositories.${source} ${index.url}/` }]
        : []),
      ...uploading(index, 'poetry', `poetry publish --build --repository ${source}`, upload),
    ],
  };
}

function pdm(index: UsedIndex): ToolLines {
  return {
    tool: 'pdm',
    steps: [
      ...netrc(index),
      { purpose: 'Use it in a project', text: `pdm config --local pypi.url ${simple(index)}` },
      ...(isUntrusted(index)
        ? [{ purpose: 'Allow plain http', text: 'pdm config --local pypi.verify_ssl false' }]
        : []),
      { purpose: 'Add to the project', text: `pdm add ${index.project}` },
      ...uploading(index, 'pdm', `pdm publish --repository ${index.url}/`, [
        'PDM_PUBLISH_USERNAME',
        'PDM_PUBLISH_PASSWORD',
      ]),
    ],
  };
}

function twine(index: UsedIndex): ToolLines {
  return {
    tool: 'twine',
    steps: uploading(index, 'twine', `twine upload --repository-url ${index.url}/ dist/*`, [
      'TWINE_USERNAME',
      'TWINE_PASSWORD',
    ]),
  };
}

/** The token, then the command; `names` are the variables that the tool reads it from, none if it has it already. */
function uploading(
  index: UsedIndex,
  tool: string,
  command: string,
  names: readonly string[],
): readonly Step[] {
  if (!index.takesUploads) return [];
  const [first = '', second] = names;
  const token = names.length === 0 ? [] : [variables(`Give ${tool} an upload token`, first, second)];
  return [...token, { purpose: 'Upload what is in dist', text: command }];
}

/** Typed where nobody sees it, and neither in the history nor among the arguments of a program. */
function variables(purpose: string, first: string, second?: string): Step {
  const text =
    second === undefined
      ? `read -rs ${first} && export ${first}`
      : `export ${first}=__token__ && read -rs ${second} && export ${second}`;
  return { purpose: `${purpose}, which the shell asks for without showing it`, text };
}

function netrc(index: UsedIndex): readonly Step[] {
  if (!index.isPrivate) return [];
  const { hostname } = new URL(index.url);
  return [
    {
      purpose:
        'Let it read the index: an API token with the scope packages.read, in a file that only you may read',
      text: `machine ${hostname} login __token__ password TOKEN`,
      file: '~/.netrc',
    },
  ];
}

function simple({ url }: UsedIndex): string {
  return `${url}/+simple/`;
}

/** pip and pdm refuse plain http, but on the own machine. */
function isUntrusted({ url }: UsedIndex): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

function hostOf({ url }: UsedIndex): string {
  return new URL(url).host;
}
