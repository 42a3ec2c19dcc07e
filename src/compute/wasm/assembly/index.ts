/**
 * The engine: runs encoded programs (encode.ts) on the memory image of a plan. It has no data of its own; the host gives it
 * a memory and says where things lie.
 *
 * Every kernel is also exported, though only tests and the peak probe call them from outside: the optimiser would otherwise
 * inline a kernel with one caller into the loop, and an engine that compiles in tiers (V8) swaps in optimised code at a
 * function's next call only, so one long `run` would stay in slow code.
 */
import { binary, select, setCells, unary } from './elementwise';
import { nn, nnRelu, nt } from './matmul';
import { tn, tnMasked } from './matmulTransposed';
import { adam, clip, copyFloats, metric, polyak } from './optimise';
import { gather, getRepetition, normal, setCounter, setRandom, setRepetition, uniform } from './random';
import { horizontal, vertical } from './reduce';
import { address, word } from './vectors';

export {
  adam,
  binary,
  clip,
  gather,
  horizontal,
  metric,
  nn,
  nnRelu,
  normal,
  nt,
  polyak,
  select,
  tn,
  tnMasked,
  unary,
  uniform,
  vertical,
};

/** Once after loading: 64 bytes for broadcast values, the table of normals (8 KB), the address of key0 and key1. */
export function configure(cells: usize, normalTable: usize, key: usize): void {
  setCells(cells);
  setRandom(normalTable, key);
}

/**
 * Runs a program `updates` times; the update counter at `update` rises by one after each, and a copy of the metrics row is
 * appended to the log.
 */
export function run(
  code: usize,
  codeEnd: usize,
  updates: i32,
  update: usize,
  metricsRow: usize,
  metrics: i32,
  log: usize,
): void {
  for (; updates > 0; updates--) {
    const now = load<u32>(update);
    setCounter(now);
    execute(code, codeEnd, now);
    copyFloats(log, metricsRow, metrics);
    log += (<usize>metrics) << 2;
    store<u32>(update, now + 1);
  }
}

/** Runs a program once under a counter of its own. */
export function query(code: usize, codeEnd: usize, counter: u32): void {
  setCounter(counter);
  execute(code, codeEnd, counter);
}

/** Opcodes, in the order of `opcodes` in encode.ts. Word 1 of every instruction is its length in words. */
export function execute(code: usize, end: usize, now: u32): void {
  while (code < end) {
    let next = code + (<usize>word(code, 1) << 2);
    switch (word(code, 0)) {
      case 0:
        nn(code);
        break;
      case 1:
        nnRelu(code);
        break;
      case 2:
        tn(code);
        break;
      case 3:
        tnMasked(code);
        break;
      case 4:
        nt(code);
        break;
      case 5:
        unary(code);
        break;
      case 6:
        binary(code);
        break;
      case 7:
        select(code);
        break;
      case 8:
        vertical(code);
        break;
      case 9:
        horizontal(code);
        break;
      case 10:
        gather(code);
        break;
      case 11:
        normal(code);
        break;
      case 12:
        uniform(code);
        break;
      case 13:
        adam(code);
        break;
      case 14:
        polyak(code);
        break;
      case 15:
        clip(code);
        break;
      case 16:
        metric(code);
        break;
      // Blocks: [opcode, length of the head, body bytes, n or address of the scalar].
      case 17: {
        // every n
        if (now % <u32>word(code, 3)) next += address(code, 2);
        break;
      }
      case 18: {
        // repeat n
        const outer = getRepetition();
        const passes = <u32>word(code, 3);
        for (let pass: u32 = 0; pass < passes; pass++) {
          setRepetition(outer * passes + pass);
          execute(next, next + address(code, 2), now);
        }
        setRepetition(outer);
        next += address(code, 2);
        break;
      }
      default: {
        // enabled while the scalar ≠ 0
        if (load<f32>(address(code, 3)) == 0) next += address(code, 2);
      }
    }
    code = next;
  }
}
