import { sha256 } from '@noble/hashes/sha2.js';

/**
 * SHA-256 of the bytes of all parts in order, as 64 lower-case hexadecimal digits. Only the concatenation counts: a
 * caller whose parts vary in length hashes the lengths too.
 */
export function sha256Hex(...parts: readonly Uint8Array[]): string {
  const hash = sha256.create();
  for (const part of parts) hash.update(part);
  let digits = '';
  for (const byte of hash.digest()) digits += byte.toString(16).padStart(2, '0');
  return digits;
}
