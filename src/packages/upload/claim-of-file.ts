import { AppError } from '#kernel/errors/app-error.ts';
import { parseFilename } from '#python/names/filename.ts';
import { packagesErrors } from '../errors.ts';
import type { Claim } from './check-upload.ts';
import type { Form } from './receive-form.ts';

/**
 * A form of which a person filled in nothing but the file, as clients send it: name and version as the file name says them, which the
 * archive then confirms or not. Throws 400 if the name says neither.
 */
export function withClaim(form: Form): { readonly form: Form; readonly claim: Claim } {
  const filename = form.content?.filename ?? '';
  const parsed = parseFilename(filename);
  if (parsed === undefined) {
    throw new AppError(
      packagesErrors.invalidForm,
      `'${filename.slice(0, 255)}' is not a valid archive name`,
      {
        hint: 'choose a wheel (.whl) or an sdist (.tar.gz) as a build tool names it',
      },
    );
  }
  const claim = { name: parsed.project, version: parsed.version };
  const fields = new Map([
    ['name', [claim.name]],
    ['version', [claim.version]],
  ]);
  return { form: { ...form, fields }, claim };
}
