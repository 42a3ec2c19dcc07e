/**
 * The element-wise operations in WGSL, as text, for one float32 and for a vector of four.
 *
 * WGSL's own exp, log, tanh, sin and cos may be as loose as 3 + 2|x| units in the last place (exp), 2⁻²¹ (log near 1) and
 * 2⁻¹¹ (sin), and tanh(100) may be NaN; so these are polynomials, of + − × (which WGSL rounds correctly) and one division
 * (2.5 units). They are those of the Cephes library (Moshier 1992, https://www.netlib.org/cephes/, single/expf.c, logf.c,
 * tanhf.c, sinf.c). Nothing relies on what a rounding loses, which a compiler may rearrange away.
 *
 * Errors measured on SwiftShader by `math.test.ts`, in units in the last place of the correctly rounded result, where that
 * is a normal number: {@link measuredErrors}. Elsewhere they are no larger by design, beyond the looser division.
 *
 * WGSL may assume that NaN and infinities never occur. Here they are told by their bits, never by comparison, and passed
 * on as `wasm` does, so on the devices that have them they are seen; nobody may rely on it. Subnormal numbers may become 0.
 */
import type { BinaryOp, UnaryOp } from '../../program/program';

/** Worst error of each approximated operation, over 400,000 numbers; sine and cosine up to 20 radians. */
export const measuredErrors = {
  exp: 1,
  log: 1,
  tanh: 1,
  sigmoid: 2,
  softplus: 2,
  sine: 2,
  cosine: 2,
} as const satisfies Partial<Record<UnaryOp, number>>;

/** Numbers a value holds: `f32`, or `vec4f`, whose functions have a 4 behind their names. */
export type Width = 1 | 4;

function functions(width: Width): string {
  const [f, i, u, s] = width === 1 ? ['f32', 'i32', 'u32', ''] : ['vec4f', 'vec4i', 'vec4u', '4'];
  /** Horner's scheme: coefficients of the highest power first. */
  const polynomial = (x: string, [first, ...rest]: readonly string[]) =>
    rest.reduce((sum, next) => `fma(${sum}, ${x}, ${f}(${next}))`, `${f}(${first})`);
  return /* wgsl */ `
// 2ᵏ, −126 ≤ k ≤ 127.
fn power_of_two${s}(k: ${i}) -> ${f} {
  return bitcast<${f}>((k + 127) << ${u}(23u));
}

// result, but x where x is infinite or NaN.
fn unless_special${s}(x: ${f}, result: ${f}) -> ${f} {
  let is_special = (bitcast<${u}>(x) & ${u}(0x7fffffffu)) >= ${u}(0x7f800000u);
  return select(result, x, is_special);
}
// result, but x where x is NaN.
fn unless_nan${s}(x: ${f}, result: ${f}) -> ${f} {
  let is_nan = (bitcast<${u}>(x) & ${u}(0x7fffffffu)) > ${u}(0x7f800000u);
  return select(result, x, is_nan);
}

fn op_square${s}(x: ${f}) -> ${f} {
  return x * x;
}
fn op_relu${s}(x: ${f}) -> ${f} {
  return select(x, ${f}(0.0), x < ${f}(0.0));
}
fn op_sign${s}(x: ${f}) -> ${f} {
  return select(select(${f}(0.0), ${f}(-1.0), x < ${f}(0.0)), ${f}(1.0), x > ${f}(0.0));
}
fn op_minimum${s}(x: ${f}, y: ${f}) -> ${f} {
  return select(x, y, y < x);
}
fn op_maximum${s}(x: ${f}, y: ${f}) -> ${f} {
  return select(x, y, x < y);
}

// Infinity above 88.73, 0 below −103.98.
fn op_exp${s}(x: ${f}) -> ${f} {
  let clamped = clamp(x, ${f}(-104.0), ${f}(89.0));
  let n = round(clamped * 1.44269504088896341);
  // x − n·ln 2 with ln 2 in two parts; the high one has 10 bits, so its product with n is exact.
  let r = fma(n, ${f}(2.12194440e-4), fma(n, ${f}(-0.693359375), clamped));
  let p = ${polynomial('r', ['1.9875691500e-4', '1.3981999507e-3', '8.3334519073e-3', '4.1665795894e-2', '1.6666665459e-1', '5.0000001201e-1'])};
  let y = fma(p, r * r, r) + 1.0;
  // Two factors: 2¹²⁸ and the subnormal powers are no normal float32.
  let k = ${i}(n);
  let half = k >> ${u}(1u);
  return unless_nan${s}(x, (y * power_of_two${s}(half)) * power_of_two${s}(k - half));
}

// log(1 + f), √½ ≤ 1 + f < √2, without f's own first order.
fn log_tail${s}(f: ${f}) -> ${f} {
  let z = f * f;
  let p = ${polynomial('f', ['7.0376836292e-2', '-1.1514610310e-1', '1.1676998740e-1', '-1.2420140846e-1', '1.4249322787e-1', '-1.6668057665e-1', '2.0000714765e-1', '-2.4999993993e-1', '3.3333331174e-1'])};
  return p * f * z;
}

// A subnormal counts as the smallest normal number; 0 gives −∞, a negative number NaN.
fn op_log${s}(x: ${f}) -> ${f} {
  let bits = bitcast<${u}>(max(x, ${f}(1.17549435e-38)));
  // x = (1 + f)·2^exponent.
  let shifted = bits - ${u}(0x3f3504f4u); // √½, so that the exponent rises there
  let exponent = ${f}(bitcast<${i}>(shifted) >> ${u}(23u));
  let f = bitcast<${f}>((shifted & ${u}(0x7fffffu)) + ${u}(0x3f3504f4u)) - 1.0;
  var y = fma(exponent, ${f}(-2.12194440e-4), log_tail${s}(f));
  y = fma(f * f, ${f}(-0.5), y);
  let result = fma(exponent, ${f}(0.693359375), f + y);
  // Made of x's bits: WGSL has no constant of these values.
  let outside = bitcast<${f}>((bitcast<${u}>(x) & ${u}(0x80000000u)) | select(${u}(0xff800000u), ${u}(0x7fc00000u), x < ${f}(0.0)));
  return select(unless_special${s}(x, result), outside, x <= ${f}(0.0));
}

fn op_tanh${s}(x: ${f}) -> ${f} {
  let z = x * x;
  let p = ${polynomial('z', ['-5.70498872745e-3', '2.06390887954e-2', '-5.37397155531e-2', '1.33314442036e-1', '-3.33332819422e-1'])};
  let near = fma(p * z, x, x);
  let magnitude = min(abs(x), ${f}(10.0));
  let far = 1.0 - 2.0 / (op_exp${s}(magnitude + magnitude) + 1.0);
  let signed = select(far, -far, x < ${f}(0.0));
  return unless_nan${s}(x, select(signed, near, magnitude < ${f}(0.625)));
}

// To full relative accuracy on both sides.
fn op_sigmoid${s}(x: ${f}) -> ${f} {
  let e = op_exp${s}(-abs(x));
  return select(${f}(1.0), e, x < ${f}(0.0)) / (1.0 + e);
}

// max(x, 0) + log(1 + e^−|x|).
fn op_softplus${s}(x: ${f}) -> ${f} {
  let e = op_exp${s}(-abs(x));
  // 1 + e as it is, or as 2·(1 + f) to stay below √2; 1 + e itself would lose the last bits of e.
  let is_large = e > ${f}(0.41421356);
  let f = select(e, fma(e, ${f}(0.5), ${f}(-0.5)), is_large);
  let tail = log_tail${s}(f) + fma(f * f, ${f}(-0.5), f);
  return op_relu${s}(x) + (tail + select(${f}(0.0), ${f}(0.693147181), is_large));
}

// sin(x + quarters·π/2). Right to 1e-7 up to 8,000 radians; beyond them in [−1, 1], with fewer and fewer digits right.
fn sine_of${s}(x: ${f}, quarters: i32) -> ${f} {
  let n = round(clamp(x, ${f}(-1e9), ${f}(1e9)) * 0.636619772367581343);
  // π/2 in three parts, of which the first two have few bits.
  let remainder = fma(n, ${f}(-7.54978995489188216e-8), fma(n, ${f}(-4.837512969970703125e-4), fma(n, ${f}(-1.5703125), x)));
  let r = clamp(remainder, ${f}(-0.79), ${f}(0.79));
  let z = r * r;
  let sine = fma(${polynomial('z', ['-1.9515295891e-4', '8.3321608736e-3', '-1.6666654611e-1'])} * z, r, r);
  let cosine = fma(${polynomial('z', ['2.443315711809948e-5', '-1.388731625493765e-3', '4.166664568298827e-2'])}, z * z, fma(z, ${f}(-0.5), ${f}(1.0)));
  let quadrant = ${i}(n) + quarters;
  let value = select(sine, cosine, (quadrant & ${i}(1)) != ${i}(0));
  return select(value, -value, (quadrant & ${i}(2)) != ${i}(0));
}
fn op_sine${s}(x: ${f}) -> ${f} {
  return unless_nan${s}(x, sine_of${s}(x, 0));
}
fn op_cosine${s}(x: ${f}) -> ${f} {
  return unless_nan${s}(x, sine_of${s}(x, 1));
}
`;
}

/** WGSL of every function that the expressions below call, for both widths. */
export const mathFunctions: string = functions(1) + functions(4);

/**
 * WGSL expression of a unary operation, as `program/operations.ts` defines it; `copy` is x itself.
 *
 * @param x      WGSL expression of type `f32` or `vec4f`, evaluated once
 * @param width  numbers in x
 */
export function unaryExpression(kind: UnaryOp | 'copy', x: string, width: Width = 1): string {
  const suffix = width === 1 ? '' : '4';
  switch (kind) {
    case 'copy':
      return `(${x})`;
    case 'negate':
      return `(-(${x}))`;
    case 'sqrt':
      return `sqrt(${x})`;
    case 'reciprocal':
      return `(1.0 / (${x}))`;
    case 'absolute':
      return `abs(${x})`;
    case 'square':
    case 'relu':
    case 'sign':
    case 'exp':
    case 'log':
    case 'tanh':
    case 'sigmoid':
    case 'softplus':
    case 'sine':
    case 'cosine':
      return `op_${kind}${suffix}(${x})`;
    default:
      return kind satisfies never;
  }
}

/** WGSL expression of a binary operation likewise; both operands have `width` numbers and are evaluated once. */
export function binaryExpression(kind: BinaryOp, x: string, y: string, width: Width = 1): string {
  const [type, suffix] = width === 1 ? ['f32', ''] : ['vec4f', '4'];
  switch (kind) {
    case 'add':
      return `((${x}) + (${y}))`;
    case 'subtract':
      return `((${x}) - (${y}))`;
    case 'multiply':
      return `((${x}) * (${y}))`;
    case 'divide':
      return `((${x}) / (${y}))`;
    case 'minimum':
    case 'maximum':
      return `op_${kind}${suffix}(${x}, ${y})`;
    case 'less':
      return `select(${type}(0.0), ${type}(1.0), (${x}) < (${y}))`;
    case 'equal':
      return `select(${type}(0.0), ${type}(1.0), (${x}) == (${y}))`;
    default:
      return kind satisfies never;
  }
}

/** WGSL expression of x where the condition is not 0, else y. */
export function selectExpression(condition: string, x: string, y: string, width: Width = 1): string {
  return `select(${y}, ${x}, (${condition}) != ${width === 1 ? '0.0' : 'vec4f(0.0)'})`;
}
