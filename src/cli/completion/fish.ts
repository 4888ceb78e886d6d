import type { CompletedPlace } from './completed-words.ts';

/** A script for fish 3 and later. */
export function renderFish(places: readonly CompletedPlace[]): string {
  const known = places.filter(({ words }) => words !== '').map(({ words }) => quote(` ${words}`));
  const lines = places.flatMap(({ words, next, options, takesFiles }) => {
    const start = `complete -c wheelhouse -n ${quote(`__wheelhouse_at ${words}`.trim())}`;
    return [
      ...(takesFiles ? [] : [`${start} -f`]),
      ...next.map(
        ([word, summary]) => `${start} -a ${quote(word)}${summary === '' ? '' : ` -d ${quote(summary)}`}`,
      ),
      ...options.map(
        ({ long, short, summary, takesValue }) =>
          `${start}${short === undefined ? '' : ` -s ${short.slice(1)}`} -l ${long.slice(2)}${takesValue ? ' -r -F' : ''} -d ${quote(summary)}`,
      ),
    ];
  });
  return `# Completion of wheelhouse for fish. In ~/.config/fish/config.fish: wheelhouse completion fish | source
function __wheelhouse_at
    set -l place
    set -l given (commandline -opc)
    for word in $given[2..]
        if contains -- "$place $word" ${known.join(' ')}
            set place "$place $word"
        else
            break
        end
    end
    set -l wanted
    for word in $argv
        set wanted "$wanted $word"
    end
    test "$place" = "$wanted"
end
${lines.join('\n')}
`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
