/**
 * Elementary functions with the same bits in every engine. `Math.sin`, `Math.exp` and their kin may differ in the last
 * bits from one engine to the next (ECMAScript leaves them to the implementation); here everything is built from
 * + − × ÷, `Math.sqrt`, `Math.floor` and friends, which IEEE 754 fixes to the bit.
 *
 * All functions take and return float64. `math.test.ts` measures the error against correctly rounded values: at most
 * 1 ulp for exp, log, log1p, expm1, sin, cos, atan and atan2; at most 2 ulp for the rest.
 *
 * Own port rather than @stdlib/math-base-special-*: that is 154 packages (18 MB) for the same fdlibm algorithms, and
 * `math.bench.ts` finds these 1.2 to 3 times as fast.
 *
 * exp, expm1, log, log1p, sin, cos, atan, atan2 and tanh follow FreeBSD's msun (fdlibm), whose notice reads:
 * "Copyright (C) 1993, 2004 by Sun Microsystems, Inc. All rights reserved. Developed at SunPro/SunSoft, a Sun
 * Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely granted,
 * provided that this notice is preserved."
 */

/** One float64 and its two 32-bit words; the high one second (every platform with WebAssembly is little-endian). */
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** 2ᵏ for −1022 ≤ k ≤ 1023, at index k + 1022. */
const powersOfTwo = new Float64Array(2046);
for (let power = 1, k = 0; k <= 1023; k++, power *= 2) powersOfTwo[k + 1022] = power;
for (let power = 1, k = 0; k >= -1022; k--, power /= 2) powersOfTwo[k + 1022] = power;

/** y·2ᵏ for y near 1, rounded once even where the result is subnormal. */
function scale(y: number, k: number): number {
  if (k >= -1021 && k <= 1023) return y * powersOfTwo[k + 1022];
  if (k > 1023) return y * 2 * powersOfTwo[k - 1 + 1022];
  return y * powersOfTwo[k + 1000 + 1022] * powersOfTwo[-1000 + 1022];
}

// ln 2 in two parts: the high one has 32 trailing zero bits, so that k·ln2High is exact.
const ln2High = 6.9314718036912381649e-1;
const ln2Low = 1.90821492927058770002e-10;
const inverseLn2 = 1.442695040888963387;

/** eˣ. Infinity above 709.78, 0 below −745.13. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893383973096) return Infinity;
  if (x < -745.13321910194110842) return 0;
  // x = k·ln 2 + r, |r| ≤ ln 2 / 2, r = high − low.
  let k = 0;
  let high = x;
  let low = 0;
  let r = x;
  if (x > 0.34657359027997264 || x < -0.34657359027997264) {
    k = Math.trunc(inverseLn2 * x + (x < 0 ? -0.5 : 0.5));
    high = x - k * ln2High;
    low = k * ln2Low;
    r = high - low;
  } else if (x < 3.7e-9 && x > -3.7e-9) {
    return 1 + x;
  }
  const t = r * r;
  const c =
    r -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));
  if (k === 0) return 1 - ((r * c) / (c - 2) - r);
  return scale(1 - (low - (r * c) / (2 - c) - high), k);
}

/** eˣ − 1 without the cancellation near 0. */
export function expm1(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893383973096) return Infinity;
  if (x < -38.816242111356935) return -1; // below −56·ln 2 the rest is less than half an ulp
  const magnitude = Math.abs(x);
  let k = 0;
  let r = x;
  let correction = 0; // what rounding `high − low` lost
  if (magnitude > 0.34657359027997264) {
    k = magnitude < 1.0397207708399179 ? (x < 0 ? -1 : 1) : Math.trunc(inverseLn2 * x + (x < 0 ? -0.5 : 0.5));
    const high = x - k * ln2High;
    const low = k * ln2Low;
    r = high - low;
    correction = high - r - low;
  } else if (magnitude < 5.6e-17) {
    return x;
  }
  const halfR = 0.5 * r;
  const h = r * halfR;
  const r1 =
    1 +
    h *
      (-3.33333333333331316428e-2 +
        h *
          (1.58730158725481460165e-3 +
            h * (-7.93650757867487942473e-5 + h * (4.00821782732936239552e-6 + h * -2.01099218183624371326e-7))));
  const t = 3 - r1 * halfR;
  let e = h * ((r1 - t) / (6 - r * t));
  if (k === 0) return r - (r * e - h);
  e = r * (e - correction) - correction - h;
  if (k === -1) return 0.5 * (r - e) - 0.5;
  if (k === 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e);
  if (k <= -2 || k > 56) return scale(1 - (e - r), k) - 1;
  if (k < 20) return scale(1 - powersOfTwo[-k + 1022] - (e - r), k);
  return scale(r - (e + powersOfTwo[-k + 1022]) + 1, k);
}

/**
 * ln of 2ᵏ·(1 + f), f in [√½ − 1, √2 − 1], plus a small `correction`.
 * With s = f/(2 + f): ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)), R a minimax polynomial.
 */
function logOfParts(f: number, k: number, correction: number): number {
  const halfSquare = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  return s * (halfSquare + odd + even) + (k * ln2Low + correction) - halfSquare + f + k * ln2High;
}

/** Adding this to a high word carries into the exponent where the mantissa reaches √2 (0x3fe6a09e is that of √½). */
const rootCarry = 0x3ff00000 - 0x3fe6a09e;

/** Natural logarithm. −Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    k = -54;
    x *= 18014398509481984; // subnormal: 2⁵⁴ times as large is not
  }
  float[0] = x;
  const shifted = words[1] + rootCarry;
  k += (shifted >>> 20) - 1023;
  words[1] = (shifted & 0xfffff) + 0x3fe6a09e;
  return logOfParts(float[0] - 1, k, 0);
}

/** ln(1 + x) without the cancellation near 0. −Infinity at −1, NaN below. */
export function log1p(x: number): number {
  if (!(x > -1)) return x === -1 ? -Infinity : NaN;
  if (x === Infinity) return x;
  if (x < 0.414213562373095 && x > -0.292893218813452) {
    if (x < 1.1e-16 && x > -1.1e-16) return x;
    return logOfParts(x, 0, 0);
  }
  const sum = 1 + x;
  float[0] = sum;
  const shifted = words[1] + rootCarry;
  const k = (shifted >>> 20) - 1023;
  words[1] = (shifted & 0xfffff) + 0x3fe6a09e;
  const f = float[0] - 1;
  // What rounding 1 + x lost, relative to the sum.
  const correction = k < 54 ? (k >= 2 ? 1 - (sum - x) : x - (sum - 1)) / sum : 0;
  return logOfParts(f, k, correction);
}

/** sin(x + tail) for |x| ≤ π/4. */
function sinKernel(x: number, tail: number): number {
  const z = x * x;
  const v = z * x;
  const r =
    8.33333333332248946124e-3 +
    z * (-1.98412698298579493134e-4 + z * 2.75573137070700676789e-6) +
    z * (z * z) * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10);
  return x - (z * (0.5 * tail - v * r) - tail - v * -1.66666666666666324348e-1);
}

/** cos(x + tail) for |x| ≤ π/4. */
function cosKernel(x: number, tail: number): number {
  const z = x * x;
  const w = z * z;
  const r =
    z * (4.16666666666666019037e-2 + z * (-1.38888888888741095749e-3 + z * 2.48015872894767294178e-5)) +
    w * w * (-2.75573143513906633035e-7 + z * (2.0875723212981748279e-9 + z * -1.13596475577881948265e-11));
  const halfZ = 0.5 * z;
  const rest = 1 - halfZ;
  return rest + (1 - rest - halfZ + (z * r - x * tail));
}

/** The last reduction: angle ≡ quadrant·π/2 + remainder + remainderTail, |remainder| ≤ π/4 (and a rounding). */
let remainder = 0;
let remainderTail = 0;

/** Reduces `x` modulo π/2 into `remainder` and `remainderTail`; returns the quadrant, 0 to 3. */
function reduce(x: number): number {
  if (Math.abs(x) > 1647099) return reduceLarge(x);
  // Cody and Waite: π/2 in pieces of 33 bits, so that the products with n < 2²⁰ are exact; more pieces on cancellation.
  const n = Math.floor(x * 6.36619772367581382433e-1 + 0.5);
  const size = Math.abs(x);
  let r = x - n * 1.57079632673412561417;
  let w = n * 6.07710050650619224932e-11;
  let y = r - w;
  if (Math.abs(y) < size * 3.0517578125e-5) {
    let t = r;
    w = n * 6.0771005063039659766e-11;
    r = t - w;
    w = n * 2.02226624879595063154e-21 - (t - r - w);
    y = r - w;
    if (Math.abs(y) < size * 3.5527136788005009e-15) {
      t = r;
      w = n * 2.0222662487111664558e-21;
      r = t - w;
      w = n * 8.47842766036889956997e-32 - (t - r - w);
      y = r - w;
    }
  }
  remainder = y;
  remainderTail = r - y - w;
  return n & 3;
}

/** 2/π in units of 2⁻¹¹⁸⁴: enough for the largest float64 (1024 bits) and 160 bits below its last quadrant. */
const twoOverPiBits = 1184n;
const twoOverPi = BigInt(
  '0x' +
    'a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1' +
    '921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ff' +
    'de05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb' +
    '5fb11f8d5d0856033046',
);
const pieceBits = 200n;
const halfPi = (1n << (twoOverPiBits + pieceBits)) / twoOverPi; // units of 2⁻²⁰⁰

/** Payne and Hanek's reduction in exact integers. Slow (a microsecond), and rare: |x| above 1.6 million. */
function reduceLarge(x: number): number {
  float[0] = Math.abs(x);
  const exponent = (words[1] >>> 20) - 1075;
  const mantissa = (BigInt((words[1] & 0xfffff) | 0x100000) << 32n) | BigInt(words[0]);
  const product =
    exponent >= 0 ? (mantissa * twoOverPi) << BigInt(exponent) : (mantissa * twoOverPi) >> BigInt(-exponent);
  const quadrant = (product + (1n << (twoOverPiBits - 1n))) >> twoOverPiBits;
  const fraction = (product - (quadrant << twoOverPiBits)) >> (twoOverPiBits - pieceBits);
  const angle = (fraction * halfPi) >> pieceBits;
  const sign = x < 0 ? -1 : 1;
  const head = Number(angle);
  remainder = sign * scale(head, -Number(pieceBits));
  remainderTail = sign * scale(Number(angle - BigInt(head)), -Number(pieceBits));
  const turns = Number(quadrant & 3n);
  return x < 0 ? (4 - turns) & 3 : turns;
}

/** Sine of an angle in radians, of any size. NaN for ±Infinity. */
export function sin(x: number): number {
  if (x >= -0.7853981633974483 && x <= 0.7853981633974483) {
    return x < 7.4e-9 && x > -7.4e-9 ? x : sinKernel(x, 0);
  }
  if (!Number.isFinite(x)) return NaN;
  switch (reduce(x)) {
    case 0:
      return sinKernel(remainder, remainderTail);
    case 1:
      return cosKernel(remainder, remainderTail);
    case 2:
      return -sinKernel(remainder, remainderTail);
    default:
      return -cosKernel(remainder, remainderTail);
  }
}

/** Cosine of an angle in radians, of any size. NaN for ±Infinity. */
export function cos(x: number): number {
  if (x >= -0.7853981633974483 && x <= 0.7853981633974483) return cosKernel(x, 0);
  if (!Number.isFinite(x)) return NaN;
  switch (reduce(x)) {
    case 0:
      return cosKernel(remainder, remainderTail);
    case 1:
      return -sinKernel(remainder, remainderTail);
    case 2:
      return -cosKernel(remainder, remainderTail);
    default:
      return sinKernel(remainder, remainderTail);
  }
}

/** Arc tangent in [−π/2, π/2]. */
export function atan(x: number): number {
  const size = Math.abs(x);
  if (size < 7.4e-9 || Number.isNaN(x)) return x;
  if (size < 0.4375) return x - x * atanSeries(x);
  // atan(size) = atan(c) + atan((size − c)/(1 + c·size)) for c = ½, 1, 1½, ∞; each atan(c) in two parts.
  let r: number;
  let high: number;
  let low: number;
  if (size < 0.6875) {
    r = (2 * size - 1) / (2 + size);
    high = 4.63647609000806093515e-1;
    low = 2.26987774529616870924e-17;
  } else if (size < 1.1875) {
    r = (size - 1) / (size + 1);
    high = 7.85398163397448278999e-1;
    low = 3.06161699786838301793e-17;
  } else if (size < 2.4375) {
    r = (size - 1.5) / (1 + 1.5 * size);
    high = 9.82793723247329054082e-1;
    low = 1.39033110312309984516e-17;
  } else {
    r = -1 / size;
    high = 1.570796326794896558;
    low = 6.12323399573676603587e-17;
  }
  const angle = high - (r * atanSeries(r) - low - r);
  return x < 0 ? -angle : angle;
}

/** 1 − atan(x)/x for |x| < 0.4375. */
function atanSeries(x: number): number {
  const z = x * x;
  const w = z * z;
  const odd =
    z *
    (3.33333333333329318027e-1 +
      w *
        (1.42857142725034663711e-1 +
          w *
            (9.09088713343650656196e-2 +
              w * (6.66107313738753120669e-2 + w * (4.97687799461593236017e-2 + w * 1.62858201153657823623e-2)))));
  const even =
    w *
    (-1.99999999998764832476e-1 +
      w *
        (-1.1111110405462355788e-1 +
          w * (-7.69187620504482999495e-2 + w * (-5.83357013379057348645e-2 + w * -3.6531572744216915527e-2))));
  return odd + even;
}

/** Angle of the point (x, y) from the x axis, in [−π, π]; zeros and infinities as `Math.atan2` has them. */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const xIsNegative = x < 0 || Object.is(x, -0);
  const yIsNegative = y < 0 || Object.is(y, -0);
  let angle: number; // of (|x|, |y|), in [0, π/2]
  if (y === 0) angle = 0;
  else if (x === 0) angle = Math.PI / 2;
  else if (Math.abs(x) === Infinity) angle = Math.abs(y) === Infinity ? Math.PI / 4 : 0;
  else angle = atan(Math.abs(y / x));
  if (xIsNegative && angle !== Math.PI / 2) angle = Math.PI - (angle - 1.2246467991473531772e-16); // the last: π less Math.PI
  return yIsNegative ? -angle : angle;
}

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size < 3.7e-9 || Number.isNaN(x)) return x;
  if (size >= 22) return x < 0 ? -1 : 1;
  let value: number;
  if (size >= 1) {
    value = 1 - 2 / (expm1(2 * size) + 2);
  } else {
    const t = expm1(-2 * size);
    value = -t / (t + 2);
  }
  return x < 0 ? -value : value;
}

/** 1/(1 + e⁻ˣ), in (0, 1) until float64 rounds it to an end. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + exp(-x));
  const e = exp(x);
  return e / (1 + e);
}

/** ln(1 + eˣ), never overflowing before x does. */
export function softplus(x: number): number {
  return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/** √(x² + y²) without overflow or underflow on the way. */
export function hypot(x: number, y: number): number {
  const a = Math.abs(x);
  const b = Math.abs(y);
  if (a === Infinity || b === Infinity) return Infinity;
  const larger = Math.max(a, b);
  // Between 2⁻⁴⁸⁰ and 2⁵⁰⁰ squares neither overflow nor lose bits that count; scaling by a power of two is exact.
  const by = larger > 3.2e150 ? -600 : larger < 3.2e-145 ? 600 : 0;
  if (by === 0) return Math.sqrt(a * a + b * b);
  const scaledA = a * powersOfTwo[by + 1022];
  const scaledB = b * powersOfTwo[by + 1022];
  return Math.sqrt(scaledA * scaledA + scaledB * scaledB) * powersOfTwo[-by + 1022];
}
/** The nearest value to `x` in [low, high]. NaN stays NaN. */
export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}

/** The same angle in [−π, π), computed as Gymnasium's `angle_normalize` does. */
export function wrapAngle(angle: number): number {
  const turn = 2 * Math.PI;
  const r = (angle + Math.PI) % turn; // exact: `%` is IEEE 754's truncated remainder
  if (r >= 0) return r - Math.PI;
  const shifted = r + turn;
  return shifted < turn ? shifted - Math.PI : -Math.PI; // a tiny negative r rounds up to a whole turn
}
