import type { Digests, Files } from './files.ts';

/** Stores bytes that are in memory; they are durable when this resolves. */
export async function storeBytes(
  files: Files,
  bytes: Uint8Array,
): Promise<Digests & { readonly size: number }> {
  const incoming = await files.receive();
  try {
    await incoming.write(bytes);
    const stored = await incoming.finish();
    await incoming.keep();
    return stored;
  } finally {
    await incoming.release();
  }
}
