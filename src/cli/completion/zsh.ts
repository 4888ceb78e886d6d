import type { CompletedPlace } from './completed-words.ts';

/** A script for zsh: to be read by it, or a file `_wheelhouse` in its `fpath`. */
export function renderZsh(places: readonly CompletedPlace[]): string {
  const known = places.filter(({ words }) => words !== '').map(({ words }) => `' ${words}'`);
  const cases = places.map(({ words, next, options }) => {
    const described = options.flatMap(({ long, short, summary }) =>
      (short === undefined ? [long] : [long, short]).map((flag) => describe(flag, summary)),
    );
    const valued = options
      .filter(({ takesValue }) => takesValue)
      .flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]));
    return `    '${words === '' ? '' : ` ${words}`}')
      next=(${next.map(([word, summary]) => describe(word, summary)).join(' ')})
      options=(${described.join(' ')})
      valued=(${valued.join(' ')})
      ;;`;
  });
  return `#compdef wheelhouse
# Completion of wheelhouse for zsh. In ~/.zshrc, after compinit: source <(wheelhouse completion zsh)
_wheelhouse() {
  local place= word=
  local -a next options valued
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
      (${known.join('|')}) place="$place $word" ;;
      (*) break ;;
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  if (( $valued[(Ie)$words[CURRENT-1]] )); then _files
  elif [[ $words[CURRENT] == -* ]]; then _describe -o option options
  elif (( $#next )); then _describe command next
  else _files
  fi
}
if [[ $funcstack[1] == _wheelhouse ]]; then _wheelhouse "$@"; else compdef _wheelhouse wheelhouse; fi
`;
}

/** `word:what it is for`, quoted. */
function describe(word: string, summary: string): string {
  const text = summary === '' ? word : `${word.replaceAll(':', '\\:')}:${summary}`;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
