/** What every kernel starts with: the buffers, where a replica's part of each begins, and the functions kernels call. */
import { headerSlots, headerWords, type Layout } from './shader';
import { mathFunctions } from './shaders/math';
import { randomFunctions } from './shaders/random';
import type { Tuning } from './tuning';

export const bindings = ['data', 'replay', 'batch', 'state', 'scratch', 'header', 'tables', 'normal_table'] as const;
export type BufferName = (typeof bindings)[number];
export const readOnly: readonly BufferName[] = ['data', 'replay', 'tables', 'normal_table'];

/** Moments smaller than this are flushed, as on `wasm` (plan.ts, `adam`). */
const smallestMoment = '1e-30';

/**
 * Buffers are declared with their sizes, so that the checks a browser adds to every access compare with a constant.
 *
 * @param sizes    bytes of each buffer
 */
export function prelude(
  { plan, stride, tables, schedule }: Layout,
  sizes: Readonly<Record<BufferName, number>>,
  { threads, gradientRows, gradientLanes }: Tuning,
): string {
  const array = (name: BufferName, type: 'vec4f' | 'f32' | 'u32' | 'i32') =>
    `array<${type}, ${Math.floor(sizes[name] / (type === 'vec4f' ? 16 : 4))}>`;
  const header = (slot: keyof typeof headerSlots) => `header[header_base + ${headerSlots[slot]}u]`;
  return `
@group(0) @binding(0) var<storage, read> data: ${array('data', 'vec4f')};
@group(0) @binding(1) var<storage, read> replay: ${array('replay', 'vec4f')};
@group(0) @binding(2) var<storage, read_write> batch: ${array('batch', 'vec4f')};
@group(0) @binding(3) var<storage, read_write> state: ${array('state', 'vec4f')};
@group(0) @binding(4) var<storage, read_write> scratch: ${array('scratch', 'f32')};
@group(0) @binding(5) var<storage, read_write> header: ${array('header', 'u32')};
@group(0) @binding(6) var<storage, read> tables: ${array('tables', 'u32')};
@group(0) @binding(7) var<storage, read> normal_table: ${array('normal_table', 'i32')};

/** The pass inside \`repeat\` blocks. */
override repetition: u32 = 0u;

var<workgroup> shares: array<f32, ${threads}>;
${gradientLanes > 1 ? `var<workgroup> partials: array<vec4f, ${threads * gradientRows}>;` : ''}
var<private> replica: u32;
var<private> state_base: u32;
var<private> batch_base: u32;
var<private> scratch_base: u32;
var<private> replay_base: u32;
var<private> header_base: u32;

fn enter(z: u32) {
  replica = tables[${tables.active}u + z];
  state_base = replica * ${stride.state / 4}u;
  batch_base = replica * ${stride.batch / 4}u;
  scratch_base = replica * ${stride.scratch}u;
  replay_base = replica * ${stride.replay / 4}u;
  header_base = replica * ${headerWords}u;
}
fn state_number(i: u32) -> f32 { return state[state_base + (i >> 2u)][i & 3u]; }
fn batch_number(i: u32) -> f32 { return batch[batch_base + (i >> 2u)][i & 3u]; }
fn scratch_number(i: u32) -> f32 { return scratch[scratch_base + i]; }

${randomFunctions}
${mathFunctions}

fn draw_bits(stream: u32, index: u32) -> u32 {
  return random_bits(${header('key0')}, ${header('key1')}, stream, ${header('update')} + (repetition << 24u), index);
}
/** Vector \`part\` of the record that column \`column\` draws (plan.ts, StateHeader). */
fn record_part(stream: u32, column: u32, part: u32) -> vec4f {
  let bits = draw_bits(stream, column);
  let data_count = ${header('dataCount')};
  let replay_count = ${header('replayCount')};
  if (${header('batchMode')} == 1u) {
    let i = index_from_bits(bits, data_count + replay_count);
    if (i < data_count) { return data[i * ${plan.record.stride / 4}u + part]; }
    return replay[replay_base + (i - data_count) * ${plan.record.stride / 4}u + part];
  }
  if (column < ${header('offlineColumns')}) { return data[index_from_bits(bits, data_count) * ${plan.record.stride / 4}u + part]; }
  return replay[replay_base + index_from_bits(bits, replay_count) * ${plan.record.stride / 4}u + part];
}
/** 1 / (1 − β1ᵗ) and 1 / √(1 − β2ᵗ), from the host in double precision, for this row of the call. */
fn adam_corrections(execution: u32) -> vec2f {
  let row = ${header('row')};
  let i = ${tables.corrections}u + replica * ${stride.corrections}u + 2u * (row * ${schedule.executions}u + execution + repetition);
  return vec2f(bitcast<f32>(tables[i]), bitcast<f32>(tables[i + 1u]));
}
fn flushed(moment: vec4f) -> vec4f { return select(moment, vec4f(0.0), abs(moment) < vec4f(${smallestMoment})); }
`;
}
