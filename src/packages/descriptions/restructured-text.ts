import type {
  RstDirective,
  RstGeneratorState,
  RstNode,
  RstNodeGenerator,
  RstToHtmlCompiler,
} from 'rst-compiler';
import { escapeHtml } from '#web/escape-html.ts';

/** Of these nothing is shown: HTML that is not ours to judge twice, other files, and what only Sphinx knows. */
const UNSEEN = [
  'raw',
  'include',
  'meta',
  'toctree',
  'only',
  'highlight',
  'default-role',
  'contents',
  'sectnum',
  'video',
  'youtube',
  'vimeo',
];
const REFERENCES = ['HyperlinkRef', 'SubstitutionRef', 'FootnoteRef', 'CitationRef'] as const;
/** Stands for an ampersand that begins what looks like an entity; the compiler would refuse or believe it. */
const AMPERSAND = '\uE000';
const TAB = 8;

/** A package for development, as it installs 32 MB: what is published has it bundled, a checkout without them has not. */
const library = await import('rst-compiler').catch(() => undefined);
const compiler = library && createCompiler(new library.RstToHtmlCompiler());

/** A checkout shows reStructuredText as text if it was installed with `--omit=dev`. */
export class CompilerMissing extends Error {
  override readonly name = 'CompilerMissing';
}

/** What docutils makes of the text, as HTML that is not safe yet; throws for a text whose structure cannot be read. */
export function renderRestructuredText(text: string): string {
  if (compiler === undefined) throw new CompilerMissing('rst-compiler is not installed');
  const source = expandTabs(text.replaceAll(AMPERSAND, '')).replace(/&(?=[a-z]+;)/g, AMPERSAND);
  const silent = { disableWarnings: true, disableErrors: true };
  const { body } = compiler.compile(source, silent, { ...silent, ...GENERATOR_OPTIONS });
  return body.replaceAll(AMPERSAND, '&amp;');
}

/** In the place of its highlighter, so that code says its language in our form. */
const codeToHtml = (code: string, { lang }: { readonly lang: string }): string => {
  const language = code.startsWith('>>> ') ? 'pycon' : lang;
  return `<code class="language-${escapeHtml(language)}">${escapeHtml(code)}</code>`;
};
const GENERATOR_OPTIONS = {
  outputIndentSize: 0,
  shiki: { theme: 'none', highlighter: { codeToHtml } },
} as unknown as Parameters<RstToHtmlCompiler['compile']>[2];

/** The compiler throws where docutils notes a problem and goes on: at directives, roles and references it does not know. */
function createCompiler(lenient: RstToHtmlCompiler): RstToHtmlCompiler {
  lenient.useDirectiveGenerator({ directives: UNSEEN, generate: () => undefined });
  lenient.useDirectiveGenerator({ directives: ['math'], generate: writeFormula });
  lenient.useInterpretedTextGenerator({ roles: ['math'], generate: writeText });
  forgive(lenient.directiveGenerators, { directives: [], generate: writeContents });
  forgive(lenient.interpretedTextGenerators, { roles: [], generate: writeText });
  for (const nodeType of REFERENCES) {
    const known = lenient.nodeGenerators.get(nodeType) as RstNodeGenerator<'HyperlinkRef'>;
    lenient.nodeGenerators.set(nodeType, {
      ...known,
      generate: otherwise(known.generate, writeText),
    } as RstNodeGenerator);
  }
  return lenient;
}

type Generate<Node> = (state: RstGeneratorState, node: Node) => void;

/** Lets the default write what the map does not know, or cannot write. */
function forgive<Generator extends { readonly generate: Generate<never> }>(
  map: Map<string, Generator>,
  fallback: Generator,
): void {
  for (const [name, known] of map) {
    map.set(name, { ...known, generate: otherwise(known.generate, fallback.generate) });
  }
  const known = new Map(map);
  map.get = (name) => known.get(name) ?? fallback;
}

function otherwise<Node>(generate: Generate<Node>, fallback: Generate<Node>): Generate<Node> {
  return (state, node) => {
    try {
      generate(state, node);
    } catch (error) {
      // Too deep: going on at each level would never end where substitutions name each other.
      if (error instanceof RangeError) throw error;
      fallback(state, node);
    }
  };
}

function writeFormula(state: RstGeneratorState, node: RstDirective): void {
  state.writeLine(`<pre>${escapeHtml(node.rawBodyText || node.initContentText || node.textContent)}</pre>`);
}

function writeContents(state: RstGeneratorState, node: RstDirective): void {
  state.visitNodes(node.children);
}

function writeText(state: RstGeneratorState, node: RstNode): void {
  const label = 'label' in node && typeof node.label === 'string' ? node.label : node.textContent;
  state.writeTextWithLinePrefix(escapeHtml(label));
}

/** To the next multiple of eight columns, as docutils does. */
function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  return text
    .split('\n')
    .map((line) => {
      let expanded = '';
      for (const [position, piece] of line.split('\t').entries()) {
        if (position > 0) expanded += ' '.repeat(TAB - (expanded.length % TAB));
        expanded += piece;
      }
      return expanded;
    })
    .join('\n');
}
