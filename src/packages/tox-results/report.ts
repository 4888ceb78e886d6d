import { z } from 'zod';

const Command = z.looseObject({
  command: z.union([z.string(), z.array(z.string())]).optional(),
  output: z.string().optional(),
  err: z.string().optional(),
  /** Text before tox 3.8. */
  retcode: z
    .union([z.number().int(), z.string().regex(/^-?\d{1,10}$/, 'must be a whole number')])
    .nullable()
    .optional(),
});

const Environment = z.looseObject({
  python: z.looseObject({ version: z.string().optional(), executable: z.string().optional() }).optional(),
  setup: z.array(Command).optional(),
  test: z.array(Command).optional(),
  installed_packages: z.array(z.string()).optional(),
  result: z.looseObject({ success: z.boolean().optional() }).optional(),
});

/**
 * What `tox --result-json` writes, as far as it is shown (reference devpi.md 5.5). Versions of tox differ, and other programs
 * write less: nothing is compulsory, and what is there must be what it is called.
 */
export const ToxReport = z.looseObject({
  reportversion: z.string().optional(),
  toxversion: z.string().optional(),
  platform: z.string().optional(),
  host: z.string().optional(),
  testenvs: z.record(z.string(), Environment).optional(),
});

export type ToxReport = z.output<typeof ToxReport>;
export type ToxCommand = z.output<typeof Command>;
export type ToxEnvironment = z.output<typeof Environment>;
