/** A few named byte arrays and a JSON value in one Uint8Array: how checkpoints are kept. */
interface Header {
  readonly magic: string;
  readonly json: unknown;
  readonly blobs: readonly { readonly name: string; readonly bytes: number }[];
}
const magic = 'regime-lab checkpoint 1';

export function pack(json: unknown, blobs: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const names = Object.keys(blobs);
  const header: Header = { magic, json, blobs: names.map((name) => ({ name, bytes: blobs[name].byteLength })) };
  const text = encodeText(JSON.stringify(header));
  const into = new Uint8Array(4 + text.length + names.reduce((sum, name) => sum + blobs[name].byteLength, 0));
  new DataView(into.buffer).setUint32(0, text.length, true);
  into.set(text, 4);
  let at = 4 + text.length;
  for (const name of names) {
    into.set(blobs[name], at);
    at += blobs[name].byteLength;
  }
  return into;
}
/** @throws RangeError when `bytes` is not such a container. */
export function unpack(bytes: Uint8Array): { json: unknown; blobs: Record<string, Uint8Array> } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength >= 4 ? view.getUint32(0, true) : 0;
  if (length === 0 || 4 + length > bytes.byteLength)
    throw new RangeError('checkpoint: expected a header, got other bytes');
  const header = JSON.parse(decodeText(bytes.subarray(4, 4 + length))) as Header;
  if (header.magic !== magic) throw new RangeError(`checkpoint: expected “${magic}”, got “${header.magic}”`);
  const blobs: Record<string, Uint8Array> = {};
  let at = 4 + length;
  for (const { name, bytes: size } of header.blobs) {
    if (at + size > bytes.byteLength) throw new RangeError(`checkpoint: ${name} is cut off`);
    blobs[name] = bytes.slice(at, at + size);
    at += size;
  }
  return { json: header.json, blobs };
}
/** JSON.stringify output, escaped to ASCII so that no text codec (a platform API) is needed. */
function encodeText(text: string): Uint8Array {
  const ascii = text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return Uint8Array.from(ascii, (character) => character.charCodeAt(0));
}
function decodeText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
