/**
 * exp, log, tanh, sigmoid, softplus, sine and cosine of four float32 at once, from IEEE operations alone, so that every
 * engine gives the same bits. Errors, in units in the last place of the correctly rounded result, are measured over the
 * whole range by `transcendental.test.ts`: at most 1 for sine and cosine below 20 radians, 2 for the rest.
 *
 * The polynomials of exp, log and tanh are those of the Cephes library (Moshier 1992, https://www.netlib.org/cephes/,
 * single/expf.c, logf.c, tanhf.c); those of sine and cosine are fdlibm's in float32 form (FreeBSD msun k_sinf.c, k_cosf.c).
 */
import { splat } from './vectors';

/** 2ᵏ of an integer, −126 ≤ k ≤ 127. */
// @ts-expect-error: decorator
@inline
function powerOfTwo(k: v128): v128 {
  return i32x4.shl(i32x4.add(k, i32x4.splat(127)), 23);
}

/** eˣ. Infinity above 88.73; subnormal below −87.34, 0 below −103.98. */
// @ts-expect-error: decorator
@inline
export function exponential(x: v128): v128 {
  // Outside these bounds the result is 0 or infinity anyway; inside, both halves of the scale below are normal numbers.
  const clamped = f32x4.max(f32x4.min(x, splat(89)), splat(-104));
  const n = f32x4.nearest(f32x4.mul(clamped, splat(1.44269504088896341)));
  // x − n·ln 2 with ln 2 in two parts; the high one has 10 bits, so its product with n is exact.
  let r = f32x4.sub(clamped, f32x4.mul(n, splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, splat(-2.12194440e-4)));
  let p = f32x4.add(f32x4.mul(splat(1.9875691500e-4), r), splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), splat(5.0000001201e-1));
  const y = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), splat(1));
  // Two factors: 2¹²⁸ and the subnormal powers are not float32 numbers. Only the second product can round.
  const k = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(k, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(half)), powerOfTwo(i32x4.sub(k, half)));
}

/** log x; −∞ at 0, NaN below. */
// @ts-expect-error: decorator
@inline
export function logarithm(x: v128): v128 {
  // A subnormal is brought into the normal range first.
  const tiny = f32x4.lt(x, splat(1.17549435e-38));
  const bits = v128.bitselect(f32x4.mul(x, splat(8388608)), x, tiny);
  let exponent = f32x4.convert_i32x4_s(
    i32x4.sub(
      i32x4.sub(i32x4.shr_s(bits, 23), i32x4.splat(126)),
      v128.and(tiny, i32x4.splat(23)),
    ),
  );
  // x = m·2^exponent, √½ ≤ m < √2.
  let m = v128.or(v128.and(bits, i32x4.splat(0x7fffff)), i32x4.splat(0x3f000000));
  const low = f32x4.lt(m, splat(0.707106781186547524));
  exponent = f32x4.sub(exponent, v128.and(low, splat(1)));
  m = f32x4.sub(f32x4.add(m, v128.and(low, m)), splat(1));
  const z = f32x4.mul(m, m);
  let p = f32x4.add(f32x4.mul(splat(7.0376836292e-2), m), splat(-1.1514610310e-1));
  p = f32x4.add(f32x4.mul(p, m), splat(1.1676998740e-1));
  p = f32x4.add(f32x4.mul(p, m), splat(-1.2420140846e-1));
  p = f32x4.add(f32x4.mul(p, m), splat(1.4249322787e-1));
  p = f32x4.add(f32x4.mul(p, m), splat(-1.6668057665e-1));
  p = f32x4.add(f32x4.mul(p, m), splat(2.0000714765e-1));
  p = f32x4.add(f32x4.mul(p, m), splat(-2.4999993993e-1));
  p = f32x4.add(f32x4.mul(p, m), splat(3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(p, m), z);
  y = f32x4.add(y, f32x4.mul(exponent, splat(-2.12194440e-4)));
  y = f32x4.sub(y, f32x4.mul(splat(0.5), z));
  let result = f32x4.add(f32x4.add(m, y), f32x4.mul(exponent, splat(0.693359375)));
  // 0 → −∞; x < 0 and NaN → NaN; +∞ → +∞ (the last two by adding x to itself).
  result = v128.bitselect(splat(-Infinity), result, f32x4.eq(x, splat(0)));
  result = v128.bitselect(splat(NaN), result, f32x4.lt(x, splat(0)));
  const ordinary = f32x4.lt(x, splat(Infinity));
  return v128.bitselect(result, f32x4.add(x, x), ordinary);
}

/** tanh x. */
// @ts-expect-error: decorator
@inline
export function hyperbolicTangent(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = f32x4.add(f32x4.mul(splat(-5.70498872745e-3), z), splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, z), splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, z), splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, z), splat(-3.33332819422e-1));
  const near = f32x4.add(f32x4.mul(f32x4.mul(p, z), x), x);
  const e = exponential(f32x4.add(magnitude, magnitude));
  const far = f32x4.sub(splat(1), f32x4.div(splat(2), f32x4.add(e, splat(1))));
  // The sign, of −0 too.
  return v128.or(v128.bitselect(near, far, f32x4.lt(magnitude, splat(0.625))), v128.and(x, splat(-0.0)));
}

/** 1 / (1 + e⁻ˣ), to full relative accuracy on both sides. */
// @ts-expect-error: decorator
@inline
export function sigmoid(x: v128): v128 {
  const e = exponential(f32x4.neg(f32x4.abs(x)));
  const numerator = v128.bitselect(e, splat(1), f32x4.lt(x, splat(0)));
  return f32x4.div(numerator, f32x4.add(splat(1), e));
}

/** log(1 + eˣ) without overflow: max(x, 0) + log1p(e^−|x|). */
// @ts-expect-error: decorator
@inline
export function softplus(x: v128): v128 {
  const e = exponential(f32x4.neg(f32x4.abs(x)));
  const u = f32x4.add(e, splat(1));
  // log(1 + e) = log u + what rounding 1 + e to u lost, to first order.
  const lost = f32x4.div(f32x4.sub(e, f32x4.sub(u, splat(1))), u);
  // pmax(x, 0) keeps a NaN, and so does the sum.
  return f32x4.add(f32x4.pmax(x, splat(0)), f32x4.add(logarithm(u), lost));
}

/** sin r for two float64 in [−π/4, π/4]. */
// @ts-expect-error: decorator
@inline
function sineNear(r: v128): v128 {
  const z = f64x2.mul(r, r);
  let p = f64x2.add(f64x2.mul(f64x2.splat(0.0000027183114939898219064), z), f64x2.splat(-0.000198393348360966317347));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.0083333293858894631756));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(-0.166666666416265235595));
  return f64x2.add(f64x2.mul(f64x2.mul(p, z), r), r);
}

/** cos r likewise. */
// @ts-expect-error: decorator
@inline
function cosineNear(r: v128): v128 {
  const z = f64x2.mul(r, r);
  let p = f64x2.add(f64x2.mul(f64x2.splat(0.0000243904487962774090654), z), f64x2.splat(-0.00138867637746099294692));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.0416666233237390631894));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(-0.499999997251031003120));
  return f64x2.add(f64x2.mul(p, z), f64x2.splat(1));
}

/** sin(x + quarterTurns·π/2) for the two float64 in x. */
// @ts-expect-error: decorator
@inline
function sinePair(x: v128, quarterTurns: i64): v128 {
  const n = f64x2.nearest(f64x2.mul(x, f64x2.splat(0.636619772367581343)));
  // π/2 in two parts; n·high is exact up to |n| = 2²⁰.
  let r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(1.57079632673412561417)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(6.07710050650619224932e-11)));
  // n modulo 4 in the low bits of n + 2⁵² + 2⁵¹, whose unit in the last place is 1.
  const quadrant = i64x2.add(f64x2.add(n, f64x2.splat(6755399441055744)), i64x2.splat(quarterTurns));
  const odd = i64x2.ne(v128.and(quadrant, i64x2.splat(1)), i64x2.splat(0));
  const negative = i64x2.shl(v128.and(quadrant, i64x2.splat(2)), 62);
  return v128.xor(v128.bitselect(cosineNear(r), sineNear(r), odd), negative);
}

/** Reduced and evaluated in float64; accurate for |x| < 10⁶, NaN for infinities. */
// @ts-expect-error: decorator
@inline
function sineOf(x: v128, quarterTurns: i64): v128 {
  const low = f32x4.demote_f64x2_zero(sinePair(f64x2.promote_low_f32x4(x), quarterTurns));
  const swapped = v128.shuffle<f32>(x, x, 2, 3, 0, 1);
  const high = f32x4.demote_f64x2_zero(sinePair(f64x2.promote_low_f32x4(swapped), quarterTurns));
  return v128.shuffle<f32>(low, high, 0, 1, 4, 5);
}

// @ts-expect-error: decorator
@inline
export function sine(x: v128): v128 {
  return sineOf(x, 0);
}
// @ts-expect-error: decorator
@inline
export function cosine(x: v128): v128 {
  return sineOf(x, 1);
}
