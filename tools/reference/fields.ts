import { z } from 'zod';
import { code, table } from './markdown.ts';

/** What is used of a JSON schema. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
}

/** A table of the fields, nested ones with dots; empty where any object will do. */
export function fields(type: z.ZodType, io: 'input' | 'output'): string {
  const rows = flatten(z.toJSONSchema(type, { unrepresentable: 'any', io }) as Schema, '');
  return rows.length === 0 ? '' : table(['field', 'type', ''], rows);
}

function flatten(schema: Schema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name;
    const isOptional = schema.required?.includes(name) !== true;
    const notes = [field.description, isOptional ? 'Optional.' : undefined].filter(Boolean).join(' ');
    const inner = field.items?.properties === undefined ? field : field.items;
    const innerPrefix = inner === field ? `${path}.` : `${path}[].`;
    return [[code(path), shownType(field), notes], ...flatten(inner, innerPrefix)];
  });
}

function shownType({ type, items, enum: values, const: value, anyOf }: Schema): string {
  if (value !== undefined) return code(JSON.stringify(value));
  if (values !== undefined) return values.map((each) => code(JSON.stringify(each))).join(' or ');
  if (anyOf !== undefined) return anyOf.map(shownType).join(' or ');
  if (type === 'array') return `list of ${items === undefined ? 'anything' : shownType(items)}`;
  return [type ?? 'anything'].flat().join(' or ');
}
