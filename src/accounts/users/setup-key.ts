import { createHmac, timingSafeEqual } from 'node:crypto';

/** Without letters and digits that look alike. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const LENGTH = 12;

/** The key of the first visit, which `serve` prints: whoever finds a new server first must not own it. The same for every process. */
export function setupKey(secret: Buffer): string {
  const bytes = createHmac('sha256', secret).update('setup\0').digest();
  const letters = Array.from(bytes.subarray(0, LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return letters.replace(/(.{4})(?=.)/g, '$1-');
}

/** True for the key, however it was typed. */
export function isSetupKey(secret: Buffer, given: string): boolean {
  const plain = (text: string) => Buffer.from(text.toLowerCase().replace(/[\s-]+/g, ''));
  const [expected, typed] = [plain(setupKey(secret)), plain(given)];
  return expected.byteLength === typed.byteLength && timingSafeEqual(expected, typed);
}
