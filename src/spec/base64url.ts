/** Bytes as text that survives an address bar: RFC 4648 §5, without padding. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function toBase64url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const characters = Math.min(4, bytes.length - i + 1);
    for (let k = 0; k < characters; k++) text += alphabet[(group >> (18 - 6 * k)) & 63];
  }
  return text;
}

/** The bytes up to the first character that does not belong; `whole` is false if there was one. Never throws. */
export function fromBase64url(text: string): { readonly bytes: Uint8Array; readonly whole: boolean } {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let buffer = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) return { bytes: bytes.subarray(0, length), whole: false };
    buffer = ((buffer << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (buffer >> bits) & 0xff;
    }
  }
  return { bytes: bytes.subarray(0, length), whole: true };
}
