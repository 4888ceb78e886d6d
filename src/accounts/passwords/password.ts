import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '#kernel/errors/app-error.ts';
import { kernelErrors } from '#kernel/errors/kernel-errors.ts';

const MAX_CONCURRENT = 2;
/** What may wait for its turn: some seconds of work, so that who waits still listens when the answer comes. */
const MAX_WAITING = 32;
const TAG_BYTES = 32;
const SALT_BYTES = 16;
const MIN_SALT_BYTES = 8;
/** Ten times devpi's memory, and twenty times its work. */
const MAX_MEMORY_KIB = 1_048_576;
const MAX_WORK_KIB = 4_194_304;

/** Limits and form of a PHC string as passlib writes it, devpi's stored form (reference devpi.md 1.4). */
const PHC =
  /^\$argon2(id|i|d)\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{8,})\$([A-Za-z0-9+/]{8,})$/;

let running = 0;
const waiting: (() => void)[] = [];

/** Hashes with argon2id and devpi's parameters (t=2, p=8); the result is the string devpi stores and exports. */
export async function hashPassword(password: string, memoryKib: number): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const cost = { memory: memoryKib, passes: 2, parallelism: 8 };
  const tag = await derive('argon2id', password, salt, cost, TAG_BYTES);
  return `$argon2id$v=19$m=${memoryKib},t=2,p=8$${unpadded(salt)}$${unpadded(tag)}`;
}

/** True if the password belongs to the hash; false also for a hash in a form that cannot be checked. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const parsed = parseHash(hash);
  if (parsed === undefined) return false;
  const { algorithm, salt, tag, cost } = parsed;
  return timingSafeEqual(await derive(algorithm, password, salt, cost, tag.byteLength), tag);
}

/** True for a string that `verifyPassword` can check, so that a user cannot be stored with a dead hash. */
export function isPasswordHash(text: string): boolean {
  return parseHash(text) !== undefined;
}

interface ParsedHash {
  readonly algorithm: 'argon2id';
  readonly salt: Buffer;
  readonly tag: Buffer;
  readonly cost: Cost;
}

/** Undefined also for costs that argon2 has not, or that one wrong password must not have: anybody may try one. */
function parseHash(text: string): ParsedHash | undefined {
  const match = PHC.exec(text);
  if (match === null) return undefined;
  const [, variant = '', memory, passes, parallelism, salt = '', tag = ''] = match;
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const bytes = { salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
  const isPossible =
    cost.passes >= 1 &&
    cost.parallelism >= 1 &&
    cost.memory >= 8 * cost.parallelism &&
    bytes.salt.byteLength >= MIN_SALT_BYTES;
  if (!isPossible || cost.memory > MAX_MEMORY_KIB || cost.memory * cost.passes > MAX_WORK_KIB)
    return undefined;
  return { algorithm: `argon2${variant}` as 'argon2id', ...bytes, cost };
}

interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/**
 * Two at a time: each takes 100 MiB, and wrong passwords are free to send. For the same reason the queue has an end:
 * beyond it nobody would live to see the answer. Throws `kernel.too-busy` then.
 */
async function derive(
  algorithm: 'argon2id',
  password: string,
  nonce: Buffer,
  cost: Cost,
  tagLength: number,
): Promise<Buffer> {
  if (running < MAX_CONCURRENT) running += 1;
  else if (waiting.length < MAX_WAITING) await new Promise<void>((resolve) => waiting.push(resolve));
  else {
    throw new AppError(kernelErrors.tooBusy, 'too many passwords are being checked at once', {
      headers: { 'retry-after': '5' },
    });
  }
  try {
    return await new Promise((resolve, reject) => {
      const parameters = { message: Buffer.from(password, 'utf8'), nonce, tagLength, ...cost };
      argon2(algorithm, parameters, (error, key) => (error ? reject(error) : resolve(key)));
    });
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
