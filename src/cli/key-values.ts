import { AppError } from '#kernel/errors/app-error.ts';
import { cliErrors } from './errors.ts';

/** `key=value`, each with an equals sign; the value is all behind the first. Throws `cli.bad-argument`. */
export function readKeyValues(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((each) => {
      const at = each.indexOf('=');
      if (at > 0) return [each.slice(0, at), each.slice(at + 1)];
      throw new AppError(cliErrors.badArgument, `arguments must be format NAME=VALUE, not ${each}`);
    }),
  );
}
