/** What people call the program: what it prints to be typed must work for them. */
export function calledAs(): 'devpi' | 'wheelhouse' {
  return isCalledAsDevpi() ? 'devpi' : 'wheelhouse';
}

/**
 * True if the program was called through a link named `devpi`. devpi-client takes passwords as arguments, and scripts give them
 * so; under our own name they are refused.
 */
export function isCalledAsDevpi(): boolean {
  const [, , flag, name] = process.argv;
  return flag === '--called-as' && name === 'devpi';
}
