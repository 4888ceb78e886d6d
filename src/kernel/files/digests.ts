import { createHash } from 'node:crypto';
import { createBLAKE2b } from 'hash-wasm';
import type { Digests } from './files.ts';

/** Computes all three digests in one pass. Node's own BLAKE2b cannot make 256-bit digests, hence WASM. */
export async function createDigester(): Promise<{ update(chunk: Uint8Array): void; digest(): Digests }> {
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  const blake2b = await createBLAKE2b(256);
  blake2b.init();
  return {
    update(chunk) {
      sha256.update(chunk);
      md5.update(chunk);
      blake2b.update(chunk);
    },
    digest: () => ({
      sha256: sha256.digest('hex'),
      md5: md5.digest('hex'),
      blake2b256: blake2b.digest('hex'),
    }),
  };
}
