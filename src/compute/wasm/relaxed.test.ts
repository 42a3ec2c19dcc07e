import { setFlagsFromString } from 'node:v8';
import { expect, test } from 'vitest';
import { productWords } from './encode';
import { decodeBase64, type EngineExports, instantiateEngine } from './engine';
import { engineBase64 } from './engine.generated';
import { hasRelaxedSimd, loadRelaxedEngine } from './relaxed';
import { randomFloats } from './testing';

// Node 20 has relaxed SIMD behind this flag; later versions ignore it. Without either, the tests must not pass by skipping.
setFlagsFromString('--experimental-wasm-relaxed-simd');

const shape = { members: 1, rows: 17, columns: 23, depth: 45 };
const [a, b, out, scratch, bytes] = [4096, 16384, 32768, 49152, 131072];

/** out of `opcode` on the same operands in [−1, 1]: multiples of 1/32 if `exact`, whose products and sums need no rounding. */
function product(engine: EngineExports, memory: WebAssembly.Memory, opcode: 'nn' | 'tn' | 'nt', exact: boolean) {
  const { rows, columns, depth } = shape;
  const floats = new Float32Array(memory.buffer);
  floats.fill(0);
  const value = (x: number) => (exact ? Math.round(32 * x) / 32 : x);
  floats.set(randomFloats(rows * depth, 1).map(value), a / 4);
  floats.set(randomFloats(columns * depth, 2).map(value), b / 4);
  const at = (offset: number, row: number) => ({ offset, member: 0, row });
  const places = {
    a: at(a, opcode === 'tn' ? rows : depth),
    b: at(b, opcode === 'nt' ? depth : columns),
    ...{ out: at(out, columns), extra: at(2048, 0) },
  };
  new Int32Array(memory.buffer).set(productWords(opcode, shape, places, scratch));
  engine[opcode](0);
  return floats.slice(out / 4, out / 4 + rows * columns);
}

async function relaxedEngine() {
  const memory = new WebAssembly.Memory({ initial: bytes / 65536, maximum: bytes / 65536 });
  const module = await WebAssembly.compile(decodeBase64(await loadRelaxedEngine()));
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return { memory, engine: exports as unknown as EngineExports };
}

test('the probe finds relaxed SIMD here', () => {
  expect(hasRelaxedSimd()).toBe(true);
});

test('only the relaxed engine has relaxed instructions', async () => {
  // f32x4.relaxed_madd: prefix 0xfd, then 0x105 as LEB128. Once a multiply-add of every block is the least.
  const count = (module: Uint8Array) =>
    module.reduce((sum, byte, i) => sum + Number(byte === 0xfd && module[i + 1] === 0x85 && module[i + 2] === 2), 0);
  expect(count(decodeBase64(engineBase64))).toBe(0);
  expect(count(decodeBase64(await loadRelaxedEngine()))).toBeGreaterThan(40);
});

test.each(['nn', 'tn', 'nt'] as const)(
  '%s agrees with the strict engine, to the bit where rounding plays no part',
  async (opcode) => {
    const strict = await instantiateEngine(bytes);
    const relaxed = await relaxedEngine();
    const results = (exact: boolean) =>
      [strict, relaxed].map(({ engine, memory }) => product(engine, memory, opcode, exact));
    const [sums, sumsRelaxed] = results(true);
    expect(sumsRelaxed).toEqual(sums);
    const [rounded, fused] = results(false);
    const largest = rounded.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    rounded.forEach((x, i) => {
      expect(Math.abs(fused[i] - x)).toBeLessThan(1e-5 * largest);
    });
  },
);
