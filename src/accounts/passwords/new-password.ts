import { z } from 'zod';

/** What pages ask of a password that people choose; programs may set any. */
const MIN_PASSWORD_LENGTH = 8;

const NewPassword = z.object({
  password: z
    .string()
    .min(1, 'A password is needed.')
    .refine((password) => lengthOf(password) >= MIN_PASSWORD_LENGTH, {
      error: ({ input }) =>
        `${lengthOf(String(input))} characters; at least ${MIN_PASSWORD_LENGTH} are needed.`,
    }),
  again: z.string(),
});

/** The password of a form with the fields `password` and `again`; throws a `ZodError` that says what is wrong at which field. */
export function readNewPassword(input: Readonly<Record<string, string>>): string {
  const { password = '', again = '' } = input;
  return NewPassword.refine(({ again: second, password: first }) => first === second, {
    path: ['again'],
    error: 'This is not the same as above.',
  }).parse({ password, again }).password;
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
