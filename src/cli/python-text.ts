import { printable } from './printable.ts';

/** A value as devpi-client prints it: lists with commas, the rest in Python's words. */
export function pythonText(value: unknown): string {
  if (Array.isArray(value)) return value.map((each) => pythonText(each)).join(',');
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value as string | number));
}
