import { styleText } from 'node:util';
import { AppError } from '#kernel/errors/app-error.ts';
import { printable } from './printable.ts';

/**
 * Prints `error:`, the causes and `hint:` to stderr. Returns the exit code: 1 for what the user can mend,
 * 2 for what only we can.
 */
export function printError(error: unknown, stream: NodeJS.WriteStream = process.stderr): number {
  const label = (text: string, colour: 'red' | 'cyan') => styleText(colour, text, { stream });
  if (!(error instanceof AppError)) {
    stream.write(
      `${label('error:', 'red')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    stream.write(
      `${label('hint:', 'cyan')} this is a defect of Wheelhouse; please report it with the lines above\n`,
    );
    return 2;
  }
  // A message may be the sentence of a server.
  const [first, ...more] = error.message.split('\n').map(printable);
  stream.write(`${label('error:', 'red')} ${more.length === 0 ? first : error.kind.title}\n`);
  if (more.length > 0) for (const line of [first, ...more]) stream.write(`  ${line}\n`);
  if (error.hint !== undefined) stream.write(`\n${label('hint:', 'cyan')} ${printable(error.hint)}\n`);
  return 1;
}
