/**
 * NPZ: a zip of NumPy arrays, and one text `metadata.json` beside them. Source of the .npy header: NumPy's format specification,
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Import this module only when a file is read or written.
 */
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { type Column, type Columns, columnNames, type NumberArray, unreadable } from './columns';

const metadataName = 'metadata.json';
/** A fixed date in the zip: the same data give the same bytes, and no clock is read. Zip dates start in 1980. */
const zipDate = '1980-01-02T00:00:00';

const readers: Readonly<Record<string, new (buffer: ArrayBuffer) => NumberArray>> = {
  '|b1': Uint8Array,
  '|u1': Uint8Array,
  '|i1': Int8Array,
  '<i2': Int16Array,
  '<u2': Uint16Array,
  '<i4': Int32Array,
  '<u4': Uint32Array,
  '<i8': BigInt64Array,
  '<u8': BigUint64Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
};
const flagNames: readonly string[] = ['terminals', 'timeouts'];

export function writeNpz({ arrays, attributes }: Columns): Uint8Array {
  const entries: Record<string, Uint8Array> = { [metadataName]: strToU8(JSON.stringify(attributes)) };
  for (const [name, column] of Object.entries(arrays)) entries[`${name}.npy`] = npy(column, flagNames.includes(name));
  return zipSync(entries, { level: 6, mtime: zipDate });
}

/** The arrays with D4RL's names and the text beside them. @throws FileError if it is no readable NPZ file */
export function readNpz(bytes: Uint8Array): Columns {
  const wanted: readonly string[] = [metadataName, ...columnNames.map((name) => `${name}.npy`)];
  const entries = unzipSync(bytes, { filter: ({ name }) => wanted.includes(name) });
  const arrays: Record<string, Column> = {};
  for (const name of columnNames) {
    const entry = entries[`${name}.npy`];
    if (entry) arrays[name] = parseNpy(name, entry);
  }
  return { arrays, attributes: textOf(entries[metadataName]) };
}

function npy({ data, shape }: Column, isFlag: boolean): Uint8Array {
  const descr = isFlag ? '|b1' : Object.keys(readers).find((key) => key !== '|b1' && data instanceof readers[key]);
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const prefix = 10; // magic, version, header length
  // Padded with spaces to a line end, so that the numbers start at a multiple of 64.
  const length = Math.ceil((prefix + header.length + 1) / 64) * 64 - prefix;
  const bytes = new Uint8Array(prefix + length + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]); // \x93NUMPY, version 1.0
  bytes.set(strToU8(`${header.padEnd(length - 1)}\n`), prefix);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), prefix + length);
  return bytes;
}

function parseNpy(name: string, bytes: Uint8Array): Column {
  const isNpy = bytes.length > 12 && strFromU8(bytes.subarray(1, 6)) === 'NUMPY' && bytes[0] === 0x93;
  if (!isNpy) throw unreadable(`“${name}” is not a NumPy array`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [headerLength, headerStart] = bytes[6] === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  const dataStart = headerStart + headerLength;
  if (dataStart > bytes.length) throw unreadable(`“${name}” is cut off`);
  const header = strFromU8(bytes.subarray(headerStart, dataStart), true);
  const descr = /'descr': *'([^']*)'/.exec(header)?.[1] ?? 'a record';
  const shape = /'shape': *\(([^)]*)\)/.exec(header)?.[1];
  if (shape === undefined || /'fortran_order': *True/.test(header))
    throw unreadable(`“${name}” is not stored row by row`);
  if (!Object.hasOwn(readers, descr)) throw unreadable(`“${name}” holds ${descr}, not numbers`);
  const sizes = shape.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  const Reader = readers[descr] as (typeof readers)[string] & { readonly BYTES_PER_ELEMENT: number };
  const length = sizes.reduce((product, size) => product * size, 1) * Reader.BYTES_PER_ELEMENT;
  if (dataStart + length > bytes.length) throw unreadable(`“${name}” is cut off`);
  // A copy: the numbers of a typed array must start at a multiple of their size.
  return { data: new Reader(bytes.slice(dataStart, dataStart + length).buffer), shape: sizes };
}

function textOf(bytes: Uint8Array | undefined): Record<string, string> {
  if (!bytes) return {};
  try {
    const parsed: unknown = JSON.parse(strFromU8(bytes));
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(
      Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {}; // a stranger's metadata, not ours
  }
}
