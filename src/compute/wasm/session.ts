/** The executors on WebAssembly: one thread, SIMD. `wasm` rounds every operation and repeats everywhere. */
import type { Executor } from '../executor';
import { plan } from '../program/planner';
import { initialState } from '../state';
import { decodeBase64, type Flavour, openReplicas } from './engine';
import { hasRelaxedSimd } from './relaxed';

/** Updates whose metrics fit into the log, and so the most that one call into the module makes. */
const logRows = 256;

/** The smallest module with a SIMD instruction: `(func (result v128) i32.const 0 i8x16.splat)`. */
const simdProbe = decodeBase64('AGFzbQEAAAABBQFgAAF7AwIBAAoIAQYAQQD9Dws=');

function executorOf(flavour: Flavour): Pick<Executor, 'staleness' | 'open' | 'openReplicas'> {
  return {
    staleness: 1,
    async open(programs, { seed, ...capacities }) {
      return (await this.openReplicas(programs, { seeds: [seed], ...capacities }))[0];
    },
    openReplicas(programs, { seeds, dataCapacity, replayCapacity }) {
      const planned = plan(programs, { dataCapacity, replayCapacity, logRows });
      const states = seeds.map((seed) => initialState(planned, seed));
      return openReplicas(planned, states, flavour);
    },
  };
}

/** Strict: the same bits in every engine. */
export const wasmExecutor: Executor = {
  ...executorOf('strict'),
  id: 'wasm',
  reproducible: true,
  async unavailable() {
    if (typeof WebAssembly === 'undefined') return 'WebAssembly is missing here.';
    return WebAssembly.validate(simdProbe) ? null : 'This browser lacks WebAssembly SIMD.';
  },
};

/** With fused multiply-add, whose last bits depend on the processor. Its module is loaded when it is asked for. */
export const wasmRelaxedExecutor: Executor = {
  ...executorOf('relaxed'),
  id: 'wasm-relaxed',
  reproducible: false,
  async unavailable() {
    const missing = await wasmExecutor.unavailable();
    return missing ?? (hasRelaxedSimd() ? null : 'WebAssembly has no fused multiply-add here.');
  },
};
