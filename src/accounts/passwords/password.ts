import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

const TAG_BYTES = 32;
const SALT_BYTES = 16;
const MIN_SALT_BYTES = 8;
const PASSES = 2;
const DEVPI_MEMORY_KIB = 102_400;
/** What was stored before there was a limit, or with a higher setting, goes on to work. */
const MAX_MEMORY_KIB = 1_048_576;
const MAX_WORK_KIB = 4_194_304;

/** Limits and form of a PHC string as passlib writes it, devpi's stored form (reference devpi.md 1.4). */
const PHC =
  /^\$argon2(id|i|d)\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{8,})\$([A-Za-z0-9+/]{8,})$/;

/** Hashes with argon2id and devpi's parameters (t=2, p=8); the result is the string devpi stores and exports. */
export async function hashPassword(password: string, memoryKib: number): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const cost = { memory: memoryKib, passes: PASSES, parallelism: 8 };
  const tag = await derive('argon2id', password, salt, cost, TAG_BYTES);
  return `$argon2id$v=19$m=${memoryKib},t=${PASSES},p=8$${unpadded(salt)}$${unpadded(tag)}`;
}

/** True if the password belongs to the hash; false also for a hash in a form that cannot be checked. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const parsed = parseHash(hash);
  if (parsed === undefined) return false;
  const { algorithm, salt, tag, cost } = parsed;
  return timingSafeEqual(await derive(algorithm, password, salt, cost, tag.byteLength), tag);
}

/**
 * True for a string that may be stored: `verifyPassword` can check it, and it costs no more than devpi's, or than ours with
 * `memoryKib` KiB. Anybody may try a wrong password, and each try costs that much.
 */
export function isPasswordHash(text: string, memoryKib = DEVPI_MEMORY_KIB): boolean {
  const cost = parseHash(text)?.cost;
  const max = Math.max(memoryKib, DEVPI_MEMORY_KIB);
  return cost !== undefined && cost.memory <= max && cost.memory * cost.passes <= max * PASSES;
}

interface ParsedHash {
  readonly algorithm: 'argon2id';
  readonly salt: Buffer;
  readonly tag: Buffer;
  readonly cost: Cost;
}

/** Undefined also for costs that argon2 has not, and for those beyond all reason. */
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

async function derive(
  algorithm: 'argon2id',
  password: string,
  nonce: Buffer,
  cost: Cost,
  tagLength: number,
): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const parameters = { message: Buffer.from(password, 'utf8'), nonce, tagLength, ...cost };
    argon2(algorithm, parameters, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
