import { Parser } from 'htmlparser2';
import { AppError } from '#kernel/errors/app-error.ts';
import { escapeHtml } from '#web/escape-html.ts';
import { packagesErrors } from '../errors.ts';

/** A value of XML-RPC, as far as searching needs them. */
export type XmlRpcValue = string | readonly XmlRpcValue[] | { readonly [name: string]: XmlRpcValue };

export interface XmlRpcCall {
  readonly method: string;
  readonly params: readonly XmlRpcValue[];
}

const MAX_BYTES = 64 * 1024;
const MAX_DEPTH = 30;
const MAX_ELEMENTS = 2000;
const SCALARS = new Set(['string', 'int', 'i4', 'boolean', 'double']);

interface Open {
  readonly name: string;
  text: string;
  readonly values: XmlRpcValue[];
  readonly members: [string, XmlRpcValue][];
  memberName: string;
}

/** Reads a call; throws 400. Documents that declare anything of their own are refused, so there are no entities to expand. */
export function readCall(body: Buffer): XmlRpcCall {
  if (body.length > MAX_BYTES) throw badCall(`it is longer than ${MAX_BYTES} bytes`);
  const text = body.toString('utf8');
  if (/<!(?!--)/.test(text)) throw badCall('it has a document type');
  const stack: Open[] = [];
  const params: XmlRpcValue[] = [];
  let method: string | undefined;
  let elements = 0;
  const give = (value: XmlRpcValue) => stack.at(-1)?.values.push(value);
  const parser = new Parser(
    {
      onopentag(name) {
        if (stack.length >= MAX_DEPTH || (elements += 1) > MAX_ELEMENTS)
          throw badCall('it has too many elements');
        stack.push({ name, text: '', values: [], members: [], memberName: '' });
      },
      ontext(part) {
        const open = stack.at(-1);
        if (open !== undefined) open.text += part;
      },
      onclosetag() {
        const closed = stack.pop();
        if (closed === undefined) return;
        const { name, values, members } = closed;
        if (name === 'methodName') method = closed.text.trim();
        else if (SCALARS.has(name)) give(closed.text);
        else if (name === 'value') give(values[0] ?? closed.text);
        else if (name === 'array') give(values);
        else if (name === 'data') for (const value of values) give(value);
        else if (name === 'name') (stack.at(-1) ?? closed).memberName = closed.text;
        else if (name === 'member') stack.at(-1)?.members.push([closed.memberName, values[0] ?? '']);
        else if (name === 'struct') give(Object.fromEntries(members));
        else if (name === 'param') params.push(values[0] ?? '');
      },
    },
    { xmlMode: true },
  );
  parser.end(text);
  if (method === undefined) throw badCall('it names no method');
  return { method, params };
}

function badCall(problem: string): AppError {
  return new AppError(packagesErrors.invalidForm, `the call of XML-RPC cannot be read: ${problem}`);
}

/** The answer to a call. */
export function renderResponse(
  value: XmlRpcValue | readonly Readonly<Record<string, string | number>>[],
): string {
  return `<?xml version="1.0"?>\n<methodResponse><params><param>${render(value)}</param></params></methodResponse>\n`;
}

/** A refusal, which clients print. */
export function renderFault(code: number, text: string): string {
  return `<?xml version="1.0"?>\n<methodResponse><fault>${render({ faultCode: code, faultString: text })}</fault></methodResponse>\n`;
}

function render(value: unknown): string {
  if (typeof value === 'number') return `<value><int>${value}</int></value>`;
  if (typeof value === 'string') return `<value><string>${escapeHtml(plain(value))}</string></value>`;
  if (Array.isArray(value)) return `<value><array><data>${value.map(render).join('')}</data></array></value>`;
  const members = Object.entries(value as object).map(
    ([name, each]) => `<member><name>${escapeHtml(name)}</name>${render(each)}</member>`,
  );
  return `<value><struct>${members.join('')}</struct></value>`;
}

/** Without what XML 1.0 cannot say. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ' ');
}
