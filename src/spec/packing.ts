/**
 * Text in few characters, and back, whatever arrives: UTF-8, deflate (RFC 1951), base64url.
 * Inflating writes into one buffer of fixed size, so a small link cannot ask for a large memory.
 */
import { deflateSync, inflateSync, strFromU8, strToU8 } from 'fflate';
import { fromBase64url, toBase64url } from './base64url';

/** A whole spec is about 2 KB, its changes at most 30 KB. */
const maxInflated = 65_536;

/** The text must not hold the character U+0000: `unpack` takes it for the end. */
export function pack(text: string): string {
  return toBase64url(deflateSync(strToU8(text), { level: 9 }));
}

export interface Unpacked {
  /** As much as could be read. */
  readonly text: string;
  /** `cutOff`: well-formed up to a sudden end. `damaged`: malformed, or larger than anything this lab writes. */
  readonly state: 'whole' | 'cutOff' | 'damaged';
}

/** Never throws. Memory is bounded by the limit, work by about a thousand bytes a packed character. */
export function unpack(packed: string): Unpacked {
  const { bytes, whole } = fromBase64url(packed);
  const buffer = new Uint8Array(maxInflated);
  let state: Unpacked['state'] = bytes.length === 0 ? 'cutOff' : 'whole';
  try {
    inflateSync(bytes, { out: buffer });
  } catch (error) {
    // fflate: code 0 is an unexpected end of input, the others are contradictions in it.
    state = (error as { code?: number }).code === 0 ? 'cutOff' : 'damaged';
  }
  // What was inflated before an error lies in the buffer all the same; the rest of it is still zero.
  const end = buffer.indexOf(0);
  if (!whole || end < 0) state = 'damaged';
  return { text: strFromU8(buffer.subarray(0, end < 0 ? maxInflated : end)), state };
}
