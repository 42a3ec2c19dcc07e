/** What changes parameters: Adam, Polyak averaging, gradient clipping. Arenas are padded to whole vectors; the padding stays 0. */
import { address, splat, word } from './vectors';

/** The powers of β are kept in float64; everything else comes with the instruction. */
const beta1: f64 = 0.9;
const beta2: f64 = 0.999;
/** 0 where |x| < tiny: moments of dead units would otherwise decay into subnormal numbers, which are slow. */
// @ts-ignore: decorator
@inline
function flush(x: v128, tiny: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), tiny));
}

/**
 * [opcode, length, parameters, gradients, first, second, powers, count, learning rate address,
 *  then float32: β1, 1 − β1, β2, 1 − β2, ε, tiny, and room for step and scale]. Formula in plan.ts; one rounding an operation.
 *
 * Constants and the two numbers computed here are read back from memory before the loop: V8 would move anything it can
 * compute again, square root and divisions too, into the loop (three times slower).
 */
export function adam(instruction: usize): void {
  let parameter = address(instruction, 2);
  let gradient = address(instruction, 3);
  let first = address(instruction, 4);
  let second = address(instruction, 5);
  const powers = address(instruction, 6);
  const end = parameter + (address(instruction, 7) << 2);
  const power1 = load<f64>(powers) * beta1;
  const power2 = load<f64>(powers, 8) * beta2;
  store<f64>(powers, power1);
  store<f64>(powers, power2, 8);
  store<f32>(instruction, <f32>(<f64>load<f32>(address(instruction, 8)) / (1.0 - power1)), 60);
  store<f32>(instruction, <f32>(1.0 / sqrt<f64>(1.0 - power2)), 64);
  const keep1 = v128.load_splat<f32>(instruction, 36);
  const take1 = v128.load_splat<f32>(instruction, 40);
  const keep2 = v128.load_splat<f32>(instruction, 44);
  const take2 = v128.load_splat<f32>(instruction, 48);
  const epsilon = v128.load_splat<f32>(instruction, 52);
  const tiny = v128.load_splat<f32>(instruction, 56);
  const step = v128.load_splat<f32>(instruction, 60);
  const scale = v128.load_splat<f32>(instruction, 64);
  while (parameter < end) {
    const g = v128.load(gradient);
    const m = flush(f32x4.add(f32x4.mul(v128.load(first), keep1), f32x4.mul(g, take1)), tiny);
    const v = flush(f32x4.add(f32x4.mul(v128.load(second), keep2), f32x4.mul(f32x4.mul(g, g), take2)), tiny);
    v128.store(first, m);
    v128.store(second, v);
    const divisor = f32x4.add(f32x4.mul(f32x4.sqrt(v), scale), epsilon);
    v128.store(parameter, f32x4.sub(v128.load(parameter), f32x4.div(f32x4.mul(step, m), divisor)));
    parameter += 16;
    gradient += 16;
    first += 16;
    second += 16;
  }
}

/** [opcode, length, target, source, count, rate address]: target ← target + rate·(source − target). */
export function polyak(instruction: usize): void {
  let target = address(instruction, 2);
  let source = address(instruction, 3);
  const end = target + (address(instruction, 4) << 2);
  const rate = splat(load<f32>(address(instruction, 5)));
  while (target < end) {
    const t = v128.load(target);
    v128.store(target, f32x4.add(t, f32x4.mul(rate, f32x4.sub(v128.load(source), t))));
    target += 16;
    source += 16;
  }
}

/**
 * [opcode, length, gradients, count, limit (f32)]: g ← g·(limit / ‖g‖) where ‖g‖ > limit. The sum of squares runs in
 * float64, floats 0 and 1 of each vector in one pair of partial sums, 2 and 3 in another.
 */
export function clip(instruction: usize): void {
  const gradients = address(instruction, 2);
  const end = gradients + (address(instruction, 3) << 2);
  const limit = load<f32>(instruction, 16);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let gradient = gradients; gradient < end; gradient += 16) {
    const g = v128.load(gradient);
    const a = f64x2.promote_low_f32x4(g);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(g, g, 2, 3, 0, 1));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  const norm = sqrt<f64>(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  if (!(norm > <f64>limit)) return;
  const scale = splat(<f32>(<f64>limit / norm));
  for (let gradient = gradients; gradient < end; gradient += 16) {
    v128.store(gradient, f32x4.mul(v128.load(gradient), scale));
  }
}

/** [opcode, length, from, to]: one float into the row of metrics. */
export function metric(instruction: usize): void {
  store<f32>(address(instruction, 3), load<f32>(address(instruction, 2)));
}

/** Copies `count` floats, for the log of metrics. */
export function copyFloats(to: usize, from: usize, count: i32): void {
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(from));
    to += 4;
    from += 4;
  }
}
