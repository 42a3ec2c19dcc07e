/** Operands of matrix products, copied to where the inner loops read them in a row. */
import { transpose } from './vectors';

/** Writes `columns` ≤ 16 rows of b as columns of a panel: K rows of 16 floats. Columns past the last are left as they are. */
export function transposePanel(b: usize, bRow: usize, columns: i32, to: usize, K: i32): void {
  for (; columns > 0; columns -= 4) {
    transpose4(b, bRow, columns, to, 64, K);
    b += bRow << 2;
    to += 16;
  }
}

/**
 * Writes the first four rows of b (`rows`, if fewer: the last one repeated) as columns: K vectors, `step` bytes apart.
 * Four rows at a time, since sixteen a power of two apart would not fit the ways of a first-level cache.
 */
function transpose4(b: usize, bRow: usize, rows: i32, to: usize, step: usize, K: i32): void {
  let b1 = rows > 1 ? b + bRow : b;
  let b2 = rows > 2 ? b1 + bRow : b1;
  let b3 = rows > 3 ? b2 + bRow : b2;
  for (; K >= 4; K -= 4) {
    transpose(v128.load(b), v128.load(b1), v128.load(b2), v128.load(b3), to, step);
    b += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
    to += step << 2;
  }
  for (; K > 0; K--) {
    v128.store(to, f32x4(load<f32>(b), load<f32>(b1), load<f32>(b2), load<f32>(b3)));
    b += 4;
    b1 += 4;
    b2 += 4;
    b3 += 4;
    to += step;
  }
}

/** Copies K rows of 16 floats, `row` bytes apart, into one contiguous panel. */
// @ts-expect-error: decorator
@inline
export function pack16(from: usize, row: usize, to: usize, K: i32): void {
  for (const end = to + (<usize>K << 6); to < end; to += 64) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    from += row;
  }
}

/** Copies a into strips of four columns, K vectors each; columns past M / 4 · 4 are left out. */
export function packStrips(a: usize, aRow: usize, to: usize, M: i32, K: i32): void {
  const strip = <usize>K << 4;
  // A cache line of a at a time: strips lie far apart, and so do rows.
  for (; M >= 16; M -= 16) {
    let from = a;
    for (const end = to + strip; to < end; to += 16) {
      v128.store(to, v128.load(from));
      v128.store(to + strip, v128.load(from, 16));
      v128.store(to + strip * 2, v128.load(from, 32));
      v128.store(to + strip * 3, v128.load(from, 48));
      from += aRow;
    }
    a += 64;
    to += strip * 3;
  }
  for (; M >= 4; M -= 4) {
    let from = a;
    for (const end = to + strip; to < end; to += 16) {
      v128.store(to, v128.load(from));
      from += aRow;
    }
    a += 16;
  }
}
