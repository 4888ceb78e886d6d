import type { CompletedPlace } from './completed-words.ts';

/** A script for bash 3.2 and later. */
export function renderBash(places: readonly CompletedPlace[]): string {
  const known = places.filter(({ words }) => words !== '').map(({ words }) => `' ${words}'`);
  const cases = places.map(({ words, next, options }) => {
    const spelled = options.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]));
    const valued = options
      .filter(({ takesValue }) => takesValue)
      .flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]));
    return `    '${words === '' ? '' : ` ${words}`}')
      next='${next.map(([word]) => word).join(' ')}'
      options='${spelled.join(' ')}'
      valued='${valued.join(' ')}'
      ;;`;
  });
  return `# Completion of wheelhouse for bash. In ~/.bashrc: eval "$(wheelhouse completion bash)"
_wheelhouse() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local place= word= next= options= valued=
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
      ${known.join(' | \\\n      ')}) place="$place $word" ;;
      *) break ;;
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  case " $valued " in
    *" $previous "*) return ;;
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$next" -- "$current")) ;;
  esac
}
complete -o default -F _wheelhouse wheelhouse
`;
}
