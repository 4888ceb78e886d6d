/**
 * A Requires-Python in words: `3.10 or newer`, `3.8 or newer, older than 4`. What is no version specifier (PEP 440) is returned as
 * it is.
 */
export function describePythonVersions(specifier: string): string {
  const clauses = specifier
    .split(',')
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');
  const words: string[] = [];
  const excluded: string[] = [];
  for (const clause of clauses) {
    const match = /^(===|==|~=|!=|<=|>=|<|>)\s*([\w.+!-]+(?:\.\*)?)$/.exec(clause);
    if (match === null) return specifier.trim();
    const [, operator = '', version = ''] = match;
    const plain = version.replace(/\.\*$/, '');
    if (operator === '!=') excluded.push(plain);
    else words.push(describeClause(operator, plain));
  }
  if (excluded.length > 0) words.push(`not ${excluded.join(', ')}`);
  return words.join(', ');
}

function describeClause(operator: string, version: string): string {
  switch (operator) {
    case '>=':
      return `${version} or newer`;
    case '>':
      return `newer than ${version}`;
    case '<':
      return `older than ${version}`;
    case '<=':
      return `${version} or older`;
    case '~=':
      return describeCompatible(version);
    default:
      return version;
  }
}

/** `~=3.8` is 3.8 or newer within 3. */
function describeCompatible(version: string): string {
  const release = version.split('.').slice(0, -1);
  return release.length === 0 ? version : `${version} or newer of ${release.join('.')}`;
}
