import { describe, expect, test } from 'vitest';
import { encodeLink } from '../spec/link';
import { presetSpec } from '../spec/presets';
import type { RunSpec } from '../spec/runSpec';
import { readAddress, writeAddress } from './address';

const experiment = encodeLink(presetSpec('stitching') as RunSpec, { digest: 'ab'.repeat(32) });

describe('an address', () => {
  test('of the Lab is the experiment alone', () => {
    expect(readAddress(experiment)).toEqual({ screen: 'lab', experiment });
    expect(readAddress('')).toEqual({ screen: 'lab', experiment: '' });
    expect(writeAddress({ screen: 'lab', experiment })).toBe(experiment);
  });
  test('of another screen carries the experiment along, to the letter', () => {
    const address = writeAddress({ screen: 'speed', experiment });
    expect(address.startsWith('#speed/1')).toBe(true);
    expect(readAddress(address)).toEqual({ screen: 'speed', experiment });
  });
  test('may be the word alone', () => {
    expect(readAddress('#speed')).toEqual({ screen: 'speed', experiment: '' });
    expect(writeAddress({ screen: 'speed', experiment: '' })).toBe('#speed');
  });
  test('with any other word is left to whoever reads links', () => {
    for (const hash of ['#hello', '#hello world', '#speedy/1abc', '#speed 1abc', '#Speed'])
      expect(readAddress(hash)).toEqual({ screen: 'lab', experiment: hash });
  });
});
