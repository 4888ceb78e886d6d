/** A command of a document. */
export interface ShownCommand {
  /** Where it stands in the text. */
  readonly line: number;
  readonly text: string;
  /** What the document shows that it prints; undefined where it shows commands only. */
  readonly prints: readonly string[] | undefined;
}

/** The literal blocks below a title. */
export interface Section {
  readonly title: string;
  readonly commands: readonly ShownCommand[];
  /** Blocks of `.. code-block::` in a language. */
  readonly code: readonly string[];
}

export interface Document {
  readonly text: string;
  readonly sections: readonly Section[];
}

/**
 * Reads a document of reStructuredText: what stands indented behind `::`, or begins with `$ `, is typed and printed. In a block with
 * prompts the other lines are what is printed; in one without each line is a command. Comments and prose of directives are neither.
 */
export function readDocument(text: string): Document {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const sections = [{ title: '', commands: [] as ShownCommand[], code: [] as string[] }];
  let owner = '';
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line !== '' && !line.startsWith(' ')) {
      if (/^([=*+-])\1{3,}$/.test(lines[at + 1] ?? ''))
        sections.push({ title: line.replaceAll('`', ''), commands: [], code: [] });
      owner = line;
      continue;
    }
    if (line === '') continue;
    const end = lines.findIndex((each, place) => place > at && /^\S/.test(each));
    const body = dedent(lines.slice(at, end === -1 ? undefined : end));
    const section = sections.at(-1);
    if (owner.startsWith('.. code-block::')) section?.code.push(body.join('\n'));
    else if (!/^\.\.(?: |$)/.test(owner) && (owner.endsWith('::') || body[0]?.startsWith('$ ')))
      section?.commands.push(...readBlock(body, at + 1));
    if (end === -1) break;
    at = end - 1;
  }
  return { text, sections };
}

function dedent(lines: readonly string[]): string[] {
  const indent = Math.min(...lines.filter(Boolean).map((line) => line.search(/\S/)));
  const last = lines.findLastIndex(Boolean);
  return lines.slice(0, last + 1).map((line) => line.slice(indent));
}

function readBlock(lines: readonly string[], first: number): ShownCommand[] {
  const hasPrompts = lines.some((line) => line.startsWith('$ '));
  const starts = lines.flatMap((line, at) =>
    (hasPrompts ? line.startsWith('$ ') : line !== '' && !line.startsWith('#')) ? [at] : [],
  );
  return starts.map((start, place) => {
    const printed = lines.slice(start + 1, starts[place + 1] ?? lines.length);
    return {
      line: first + start,
      text: (lines[start] ?? '').replace(/^\$ /, ''),
      prints: hasPrompts ? printed.slice(0, printed.findLastIndex(Boolean) + 1) : undefined,
    };
  });
}
