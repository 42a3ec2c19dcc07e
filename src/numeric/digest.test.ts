import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256Hex } from './digest';

test('gives the published answers', () => {
  // FIPS 180-4 examples: "" and "abc".
  expect(sha256Hex()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(sha256Hex(Uint8Array.of(97, 98, 99))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('parts are hashed as one, and views only over what they show', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 31) % 256);
  const expected = createHash('sha256').update(bytes).digest('hex');
  expect(sha256Hex(bytes.subarray(0, 77), bytes.subarray(77, 77), bytes.subarray(77))).toBe(expected);
});
