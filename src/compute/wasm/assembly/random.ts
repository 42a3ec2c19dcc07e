/**
 * Random draws at (seed, stream, update, index), as `StateHeader` in plan.ts and `src/numeric/random.ts` define them: the
 * same bits as there. Four blocks of Threefry2x32-20 at a time; only the first word of each is used.
 */
import { address, splat, storeFirst, transpose, word } from './vectors';

let normalTable: usize = 0;
/** Address of key0 and key1. */
let key: usize = 0;
/** The pass inside `repeat` blocks, shared with the loop. */
let repetition: u32 = 0;
/** First counter word of the running entry: its update or its query, without the repetition. */
let counter: u32 = 0;

export function setRandom(table: usize, keyAddress: usize): void {
  normalTable = table;
  key = keyAddress;
}
export function setCounter(value: u32): void {
  counter = value;
  repetition = 0;
}
export function setRepetition(value: u32): void {
  repetition = value;
}
export function getRepetition(): u32 {
  return repetition;
}

// @ts-expect-error: decorator
@inline
function rotateLeft(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

/** First words of stream `stream` at indices `index` (four of them). */
function draw(stream: u32, index: v128): v128 {
  const k0 = load<u32>(key);
  const k1 = load<u32>(key, 4) + stream;
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const key2 = i32x4.splat(k0 ^ k1 ^ 0x1bd11bda);
  let x0 = i32x4.splat(counter + (repetition << 24) + k0);
  let x1 = i32x4.add(index, key1);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 13), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 15), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 26), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 6), x0);
  x0 = i32x4.add(x0, key1); x1 = i32x4.add(x1, i32x4.add(key2, i32x4.splat(1)));
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 17), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 29), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 16), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 24), x0);
  x0 = i32x4.add(x0, key2); x1 = i32x4.add(x1, i32x4.add(key0, i32x4.splat(2)));
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 13), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 15), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 26), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 6), x0);
  x0 = i32x4.add(x0, key0); x1 = i32x4.add(x1, i32x4.add(key1, i32x4.splat(3)));
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 17), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 29), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 16), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 24), x0);
  x0 = i32x4.add(x0, key1); x1 = i32x4.add(x1, i32x4.add(key2, i32x4.splat(4)));
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 13), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 15), x0);
  x0 = i32x4.add(x0, x1); x1 = v128.xor(rotateLeft(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  return i32x4.add(x0, key2);
}

/** `normalFromBits` of src/numeric/random.ts. */
// @ts-expect-error: decorator
@inline
function normalFromBits(bits: u32): f32 {
  const tail: u32 = (bits & 0x7fffffff) + 1;
  const octave: u32 = clz<u32>(tail);
  const fraction: u32 = (tail << octave) << 1;
  const entry = normalTable + <usize>((((31 - octave) << 6) + (fraction >>> 26)) << 2);
  const high = load<i32>(entry);
  const fall = high - load<i32>(entry, 4);
  const value = high - ((fall * <i32>((fraction >>> 10) & 0xffff) + 0x8000) >>> 16);
  const signed: i32 = <i32>bits < 0 ? 0 - value : value;
  return <f32>signed * 9.5367431640625e-7;
}

/** [opcode, length, stream, count, out]: standard normal. */
export function normal(instruction: usize): void {
  const stream = <u32>word(instruction, 2);
  let index = i32x4(0, 1, 2, 3);
  let out = address(instruction, 4);
  for (let left = word(instruction, 3); left > 0; left -= 4) {
    const bits = draw(stream, index);
    const numbers = f32x4(
      normalFromBits(i32x4.extract_lane(bits, 0)),
      normalFromBits(i32x4.extract_lane(bits, 1)),
      normalFromBits(i32x4.extract_lane(bits, 2)),
      normalFromBits(i32x4.extract_lane(bits, 3)),
    );
    storeFirst(out, numbers, left);
    index = i32x4.add(index, i32x4.splat(4));
    out += 16;
  }
}

/** [opcode, length, stream, count, out]: uniform in [0, 1), multiples of 2⁻²⁴. */
export function uniform(instruction: usize): void {
  const stream = <u32>word(instruction, 2);
  let index = i32x4(0, 1, 2, 3);
  let out = address(instruction, 4);
  for (let left = word(instruction, 3); left > 0; left -= 4) {
    const bits = i32x4.shr_u(draw(stream, index), 8);
    storeFirst(out, f32x4.mul(f32x4.convert_i32x4_s(bits), splat(5.9604644775390625e-8)), left);
    index = i32x4.add(index, i32x4.splat(4));
    out += 16;
  }
}

/** Where the two sources of batches lie; set by `gather` for `record`. */
let dataCount: u32 = 0;
let replayCount: u32 = 0;
let dataRecords: usize = 0;
let replayRecords: usize = 0;
let recordBytes: usize = 0;

/** Address of the record that `bits` choose for a column: see `StateHeader` in plan.ts. */
// @ts-expect-error: decorator
@inline
function record(bits: u32, fromData: bool, proportional: bool): usize {
  if (proportional) {
    const index = <u32>((<u64>bits * <u64>(dataCount + replayCount)) >> 32);
    return index < dataCount
      ? dataRecords + <usize>index * recordBytes
      : replayRecords + <usize>(index - dataCount) * recordBytes;
  }
  return fromData
    ? dataRecords + <usize>((<u64>bits * <u64>dataCount) >> 32) * recordBytes
    : replayRecords + <usize>((<u64>bits * <u64>replayCount) >> 32) * recordBytes;
}

/**
 * [opcode, length, stream, columns, record floats, out, outRow, mode address, offline columns address, data count address,
 *  data records, replay count address, replay records]: draws one record a column and writes it down the column.
 */
export function gather(instruction: usize): void {
  const stream = <u32>word(instruction, 2);
  const columns = word(instruction, 3);
  recordBytes = <usize>word(instruction, 4) << 2;
  const outRow = address(instruction, 6);
  const proportional = load<u32>(address(instruction, 7)) == 1;
  const offlineColumns = load<i32>(address(instruction, 8));
  dataCount = load<u32>(address(instruction, 9));
  dataRecords = address(instruction, 10);
  replayCount = load<u32>(address(instruction, 11));
  replayRecords = address(instruction, 12);
  for (let column = 0; column < columns; column += 4) {
    const bits = draw(stream, i32x4.add(i32x4.splat(column), i32x4(0, 1, 2, 3)));
    const record0 = record(i32x4.extract_lane(bits, 0), column < offlineColumns, proportional);
    const record1 = record(i32x4.extract_lane(bits, 1), column + 1 < offlineColumns, proportional);
    const record2 = record(i32x4.extract_lane(bits, 2), column + 2 < offlineColumns, proportional);
    const record3 = record(i32x4.extract_lane(bits, 3), column + 3 < offlineColumns, proportional);
    let out = address(instruction, 5) + (<usize>column << 2);
    // Records are padded to 4 floats: whole vectors go in, 4 × 4 blocks are turned in registers.
    for (let field: usize = 0; field < recordBytes; field += 16) {
      const a = v128.load(record0 + field);
      const b = v128.load(record1 + field);
      const c = v128.load(record2 + field);
      const d = v128.load(record3 + field);
      transpose(a, b, c, d, out, outRow);
      out += outRow << 2;
    }
  }
}
