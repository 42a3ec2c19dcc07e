/** The executor `wasm`: strict SIMD on one thread, the same bits in every engine. */
import type { Executor } from '../executor';
import { plan } from '../program/planner';
import { initialState } from '../state';
import { decodeBase64, openPlan, openReplicas } from './engine';

/** Updates whose metrics fit into the log, and so the most that one call into the module makes. */
const logRows = 256;

/** The smallest module with a SIMD instruction: `(func (result v128) i32.const 0 i8x16.splat)`. */
const simdProbe = decodeBase64('AGFzbQEAAAABBQFgAAF7AwIBAAoIAQYAQQD9Dws=');

export const wasmExecutor: Executor = {
  id: 'wasm',
  reproducible: true,
  staleness: 1,
  async unavailable() {
    if (typeof WebAssembly === 'undefined') return 'WebAssembly is missing here.';
    return WebAssembly.validate(simdProbe) ? null : 'This browser lacks WebAssembly SIMD.';
  },
  open(programs, { seed, dataCapacity, replayCapacity }) {
    const planned = plan(programs, { dataCapacity, replayCapacity, logRows });
    return openPlan(planned, initialState(planned, seed));
  },
  openReplicas(programs, { seeds, dataCapacity, replayCapacity }) {
    const planned = plan(programs, { dataCapacity, replayCapacity, logRows });
    return openReplicas(
      planned,
      seeds.map((seed) => initialState(planned, seed)),
      'strict',
    );
  },
};
