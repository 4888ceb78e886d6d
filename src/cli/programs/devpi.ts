import { commands } from '../commands.ts';

/**
 * What devpi-client is called with as our own command line: its options for every command stand where the command takes
 * them, and those that mean nothing here are left out.
 */
export async function toCommandLine(argv: readonly string[]): Promise<readonly string[]> {
  const words: string[] = [];
  const given = { yes: false, verbose: false };
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '-y') given.yes = true;
    else if (/^(?:-v+|--verbose)$/.test(word)) given.verbose = true;
    else if (word === '--clientdir' || word.startsWith('--clientdir=')) {
      if (word === '--clientdir') at += 1;
      process.stderr.write('note: --clientdir has no effect: logins are kept in one place\n');
    } else if (word !== '--debug') words.push(word);
  }
  const entry = commands.find(({ name }) => name === words[0]);
  if (entry === undefined) return words;
  const { options } = (await entry.load()).command;
  const [name = '', ...rest] = words;
  const flags = [
    ...(given.yes && 'yes' in options ? ['--yes'] : []),
    ...(given.verbose && 'verbose' in options ? ['--verbose'] : []),
  ];
  return [name, ...flags, ...rest];
}
