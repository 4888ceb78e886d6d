import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A page as bytes, plain and compressed. */
export interface RenderedPage {
  readonly bytes: Buffer;
  readonly gzip: Buffer;
  /** Without quotes; a form adds its coding. */
  readonly digest: string;
}

const compress = promisify(gzip);

export async function renderedPage(text: string): Promise<RenderedPage> {
  const bytes = Buffer.from(text);
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { bytes, gzip: await compress(bytes, { level: 4 }), digest };
}
