import { createHash } from 'node:crypto';
import { createBLAKE2b, type IHasher } from 'hash-wasm';
import type { Digests } from './files.ts';

export interface Digester {
  update(chunk: Uint8Array): void;
  /** Call once; the digester is spent. */
  digest(): Digests;
}

/**
 * Computes all three digests in one pass. Node's own BLAKE2b cannot make 256-bit digests, hence WASM; its instances are
 * used again, because making one for each file keeps the garbage collector busier than the hashing.
 */
export class Digesters {
  readonly #idle: IHasher[] = [];

  async create(): Promise<Digester> {
    const sha256 = createHash('sha256');
    const md5 = createHash('md5');
    const blake2b = this.#idle.pop() ?? (await createBLAKE2b(256));
    blake2b.init();
    return {
      update(chunk) {
        sha256.update(chunk);
        md5.update(chunk);
        blake2b.update(chunk);
      },
      digest: () => {
        const blake2b256 = blake2b.digest('hex');
        this.#idle.push(blake2b);
        return { sha256: sha256.digest('hex'), md5: md5.digest('hex'), blake2b256 };
      },
    };
  }
}
