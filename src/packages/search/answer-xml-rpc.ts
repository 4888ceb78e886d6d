import type { Identity } from '#kernel/identity.ts';
import type { PackagesContext } from '../context.ts';
import type { SearchResults } from '../contract.ts';
import type { ProjectLists } from '../lists/project-lists.ts';
import { type Index, fullName } from '../model/index.ts';
import { searchProjects } from './search-projects.ts';
import { readCall, renderFault, renderResponse, type XmlRpcValue } from './xml-rpc.ts';

/** "Requested method not found" and "invalid parameters", of the specification for fault codes that servers share. */
const METHOD_NOT_FOUND = -32_601;
const INVALID_PARAMS = -32_602;
const MOST = 100;
const NAMES = ['exact', 'prefix', 'word', 'substring'];

type Result = SearchResults['results'][number];

/**
 * Answers a call of XML-RPC about what an index shows the sender. `search`, as `pip search` sends it, has words of names and of
 * summaries, and whether one of the two or both must fit (reference devpi.md 6); everything else is a fault.
 */
export async function answerXmlRpc(
  context: PackagesContext,
  lists: ProjectLists,
  { body, index, identity }: { readonly body: Buffer; readonly index: Index; readonly identity: Identity },
): Promise<string> {
  const { method, params } = readCall(body);
  if (method !== 'search') {
    return renderFault(
      METHOD_NOT_FOUND,
      `this index has the method search only, not ${method.slice(0, 100)}`,
    );
  }
  const [spec, operator = 'and'] = params;
  if (typeof spec !== 'object' || Array.isArray(spec) || (operator !== 'and' && operator !== 'or')) {
    return renderFault(INVALID_PARAMS, 'search takes an object with lists of words, and `and` or `or`');
  }
  const fields = spec as Readonly<Record<string, XmlRpcValue>>;
  const [name, summary] = [wordsOf(fields['name']), wordsOf(fields['summary'])];
  const find = async (text: string) => {
    const search = { text, index: fullName(index), page: 1, limit: MOST, identity };
    return (await searchProjects(context, lists, search)).results;
  };
  const byName = name === '' ? [] : (await find(name)).filter(({ match }) => NAMES.includes(match));
  const byText = summary === '' ? [] : await find(summary);
  const isBoth = operator === 'and' && name !== '' && summary !== '';
  const found = isBoth
    ? byText.filter((each) => byName.some((other) => isSame(each, other)))
    : [...byName, ...byText];
  const once = found.filter((each, at) => found.findIndex((other) => isSame(each, other)) === at);
  return renderResponse(
    once.map((each, at) => ({
      name: each.project,
      summary: `[${each.index}] ${each.summary}`.trim(),
      // pip dies of an empty one; a mirror has not told.
      version: each.version ?? '0',
      _pypi_ordering: once.length - at,
    })),
  );
}

function wordsOf(value: XmlRpcValue | undefined): string {
  const words = typeof value === 'string' ? [value] : Array.isArray(value) ? value : [];
  return words.filter((word) => typeof word === 'string').join(' ');
}

function isSame(a: Result, b: Result): boolean {
  return a.project === b.project && a.index === b.index;
}
