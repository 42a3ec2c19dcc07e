/**
 * Host-side reads and writes of a state image: initial weights, transfer between plans, resets, perturbation.
 *
 * An image is a copy of `plan.state` (`Session.readState`). Every function is pure: it gives a new image. Weights come from
 * streams named by (module, array), so that adding a module never changes another's.
 */
import { type StreamName, stream } from '../numeric/random';
import { nameHash } from './program/draws';
import type { Instruction, ModuleArena, ParameterSlot, Plan } from './program/plan';
import { sameShape, sizeOf } from './program/shapes';

export type Reset = 'none' | 'optimiser' | 'lastLayers' | 'critic' | 'all';

/** Modules whose job is to judge: what "reset the critic" starts afresh. */
const criticModules: readonly string[] = ['critic', 'value'];
/** Arrays of hidden layers; what else a network has is its last layer (networks.ts). */
const isHidden = (name: string) => /^(weight|bias|gain|shift)\d+$/.test(name);

/** The state before the first update: fresh weights, batches wholly from the data source, both sources empty. */
export function initialState(plan: Plan, seed: number): Uint8Array {
  const image = new Image(plan, new Uint8Array(plan.state.bytes));
  image.words[image.word(plan.header.key0)] = seed;
  image.words[image.word(plan.header.offlineColumns)] = plan.batch;
  for (const { offset, initial } of Object.values(plan.scalars)) image.floats[image.word(offset)] = initial;
  for (const { offset, value } of plan.constants) image.floats[image.word(offset)] = value;
  for (const arena of plan.arenas) image.clearMoments(arena);
  for (const slot of plan.parameters) {
    if (slot.initial.kind !== 'copy') image.array(slot).set(freshArray(slot, seed, 'init'));
  }
  for (const slot of plan.parameters) if (slot.initial.kind === 'copy') copyInitial(image, slot);
  return image.bytes;
}

/**
 * A state of `to` that goes on where `from` was: every array that both have (same module, name and shape) is kept, with its
 * moments where the whole module is; other arrays start afresh, copies from the kept source. Key, batch split and number of data
 * records are kept; the update counter restarts, scalars start at their initial values and the replay source is empty.
 *
 * `kept` and `fresh` name modules of `to` that were kept or fresh as a whole, and arrays ("policy.logStd") of the others.
 */
export function transferState(
  from: Plan,
  fromBytes: Uint8Array,
  to: Plan,
  seed: number,
): { readonly state: Uint8Array; readonly kept: string[]; readonly fresh: string[] } {
  const source = new Image(from, fromBytes);
  const target = new Image(to, initialState(to, seed));
  const copyWord = (fromOffset: number, toOffset: number) => {
    target.words[target.word(toOffset)] = source.words[source.word(fromOffset)];
  };
  copyWord(from.header.key0, to.header.key0);
  copyWord(from.header.key1, to.header.key1);
  copyWord(from.header.batchMode, to.header.batchMode);
  copyWord(from.header.offlineColumns, to.header.offlineColumns);
  copyWord(from.data.count, to.data.count);
  const split = target.word(to.header.offlineColumns);
  target.words[split] = Math.min(target.words[split], to.batch);

  const kept: string[] = [];
  const fresh: string[] = [];
  const orphans: ParameterSlot[] = [];
  for (const arena of to.arenas) {
    const slots = slotsOf(to, arena.name);
    const pairs = slots.map((slot) => ({ slot, match: findMatch(from, slot) }));
    for (const { slot, match } of pairs) {
      if (match !== undefined) target.array(slot).set(source.array(match));
      else if (slot.initial.kind === 'copy') orphans.push(slot);
    }
    const matched = pairs.filter(({ match }) => match !== undefined);
    if (matched.length === 0) fresh.push(arena.name);
    else if (matched.length < pairs.length) {
      for (const { slot, match } of pairs) (match === undefined ? fresh : kept).push(`${slot.module}.${slot.name}`);
    } else {
      kept.push(arena.name);
      // Moments only of a module kept whole: its arrays share one bias correction, wrong for those that start afresh.
      copyMoments(source, target, arena, pairs as readonly { slot: ParameterSlot; match: ParameterSlot }[]);
    }
  }
  for (const slot of orphans) copyInitial(target, slot);
  return { state: target.bytes, kept, fresh };
}

/**
 * Starts parts afresh, with weights of the `reset` stream; modules that lose weights lose their moments, and those that follow
 * them (targets) become copies again. 'optimiser': only the moments, everywhere. A frozen copy (anchor) stays.
 */
export function resetState(plan: Plan, bytes: Uint8Array, which: Reset, seed: number): Uint8Array {
  const image = new Image(plan, bytes.slice());
  if (which === 'none') return image.bytes;
  for (const arena of plan.arenas.filter(learns)) {
    const slots = slotsOf(plan, arena.name);
    const hasHidden = slots.some(({ name }) => isHidden(name));
    const renewed = slots.filter(({ name }) => {
      switch (which) {
        case 'optimiser':
          return false;
        case 'lastLayers':
          return hasHidden && !isHidden(name);
        case 'critic':
          return criticModules.includes(arena.name);
        case 'all':
          return true;
        default:
          return which satisfies never;
      }
    });
    for (const slot of renewed) image.array(slot).set(freshArray(slot, seed, 'reset'));
    if (which === 'optimiser' || renewed.length > 0) image.clearMoments(arena);
    if (renewed.length > 0) recopyFollowers(image, arena.name);
  }
  return image.bytes;
}

/**
 * θ ← keep·θ + (1 − keep)·θ_fresh for every module that learns; targets become copies again, moments stay.
 * Ash & Adams 2020, https://arxiv.org/abs/1910.08475 (shrink and perturb; fresh weights in place of noise)
 *
 * @throws RangeError if `keep` is outside [0, 1]
 */
export function shrinkAndPerturb(plan: Plan, bytes: Uint8Array, keep: number, seed: number): Uint8Array {
  if (!(keep >= 0 && keep <= 1)) throw new RangeError(`keep: expected 0 to 1, got ${keep}.`);
  const image = new Image(plan, bytes.slice());
  if (keep === 1) return image.bytes;
  for (const arena of plan.arenas.filter(learns)) {
    for (const slot of slotsOf(plan, arena.name)) {
      const values = image.array(slot);
      const fresh = freshArray(slot, seed, 'reset', 1);
      for (let i = 0; i < values.length; i++) values[i] = keep * values[i] + (1 - keep) * fresh[i];
    }
    recopyFollowers(image, arena.name);
  }
  return image.bytes;
}

/** `target` gets the values of `source`, array by array: how π₀ is frozen into its anchor. @throws Error if arrays differ */
export function copyModule(plan: Plan, bytes: Uint8Array, source: string, target: string): Uint8Array {
  const image = new Image(plan, bytes.slice());
  for (const slot of slotsOf(plan, target)) {
    const match = plan.parameters.find(({ module, name }) => module === source && name === slot.name);
    if (match === undefined || !sameShape(match.shape, slot.shape)) {
      throw new Error(`Module "${source}" has no array "${slot.name}" of the shape that "${target}" has.`);
    }
    image.array(slot).set(image.array(match));
  }
  return image.bytes;
}

/** Copies of all arrays, by module and name. */
export function readParameters(plan: Plan, bytes: Uint8Array): Record<string, Record<string, Float32Array>> {
  const image = new Image(plan, bytes);
  const modules: Record<string, Record<string, Float32Array>> = {};
  for (const slot of plan.parameters) {
    modules[slot.module] ??= {};
    modules[slot.module][slot.name] = image.array(slot).slice();
  }
  return modules;
}
/** The bytes of all parameters, module by module: what a run's digest covers. */
export function parameterBytes(plan: Plan, bytes: Uint8Array): Uint8Array {
  const total = plan.parameters.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const all = new Uint8Array(total);
  let at = 0;
  for (const { offset, shape } of plan.parameters) {
    const first = offset - plan.state.offset;
    all.set(bytes.subarray(first, first + 4 * sizeOf(shape)), at);
    at += 4 * sizeOf(shape);
  }
  return all;
}
export function readScalar(plan: Plan, bytes: Uint8Array, name: string): number {
  const image = new Image(plan, bytes);
  return image.floats[image.word(scalarOffset(plan, name))];
}
export function writeScalar(plan: Plan, bytes: Uint8Array, name: string, value: number): Uint8Array {
  const image = new Image(plan, bytes.slice());
  image.floats[image.word(scalarOffset(plan, name))] = value;
  return image.bytes;
}
/** Updates done so far. */
export function readUpdate(plan: Plan, bytes: Uint8Array): number {
  const image = new Image(plan, bytes);
  return image.words[image.word(plan.header.update)];
}
/** A u32 at byte `offset` of the image. */
export function writeWord(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(offset, value, true);
  return copy;
}

function scalarOffset(plan: Plan, name: string): number {
  const scalar = plan.scalars[name];
  if (scalar === undefined) throw new Error(`There is no scalar named "${name}".`);
  return scalar.offset;
}
function slotsOf(plan: Plan, module: string): readonly ParameterSlot[] {
  return plan.parameters.filter((slot) => slot.module === module);
}
function findMatch(plan: Plan, { module, name, shape }: ParameterSlot): ParameterSlot | undefined {
  return plan.parameters.find((slot) => slot.module === module && slot.name === name && sameShape(slot.shape, shape));
}
function learns({ powers }: ModuleArena): boolean {
  return powers !== undefined;
}

/** Values of an array that starts afresh; a copy's are its source's business. */
function freshArray(
  { module, name, shape, initial }: ParameterSlot,
  seed: number,
  purpose: StreamName,
  ...indices: readonly number[]
): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (initial.kind === 'constant') values.fill(initial.value);
  if (initial.kind === 'uniform') {
    const random = stream(seed, purpose, nameHash(module), nameHash(name), ...indices);
    for (let i = 0; i < values.length; i++) values[i] = random.uniform(-initial.bound, initial.bound);
  }
  return values;
}
/** Gives an array that starts as a copy the present values of what it copies, through copies of copies. */
function copyInitial(image: Image, slot: ParameterSlot): void {
  let source = slot;
  for (let hops = 0; source.initial.kind === 'copy'; hops++) {
    const { module } = source.initial;
    const next = image.plan.parameters.find((other) => other.module === module && other.name === slot.name);
    if (next === undefined || hops > image.plan.arenas.length) {
      throw new Error(
        `"${slot.module}.${slot.name}" should start as a copy, but module "${module}" has no such array.`,
      );
    }
    source = next;
  }
  image.array(slot).set(image.array(source));
}
/** Modules that the update moves towards `source` take its values at once. */
function recopyFollowers(image: Image, source: string): void {
  const { plan } = image;
  const from = plan.arenas.find(({ name }) => name === source)!;
  const follow = (instructions: readonly Instruction[]): void => {
    for (const instruction of instructions) {
      if (instruction.op === 'block') follow(instruction.body);
      if (instruction.op !== 'polyak' || instruction.source !== from.parameters) continue;
      const target = plan.arenas.find(({ parameters }) => parameters === instruction.target)!;
      image.arena(target.parameters, target.count).set(image.arena(from.parameters, from.count));
    }
  };
  follow(plan.entries['update'].instructions);
}
function copyMoments(
  source: Image,
  target: Image,
  arena: ModuleArena,
  pairs: readonly { slot: ParameterSlot; match: ParameterSlot }[],
): void {
  const from = source.plan.arenas.find(({ name }) => name === arena.name)!;
  if (!learns(from) || !learns(arena)) return;
  for (const { slot, match } of pairs) {
    for (const moment of ['first', 'second'] as const) {
      const [to, at] = [
        arena[moment]! + slot.offset - arena.parameters,
        from[moment]! + match.offset - from.parameters,
      ];
      const count = sizeOf(slot.shape);
      target.arena(to, count).set(source.arena(at, count));
    }
  }
  const [to, at] = [target.byte(arena.powers!), source.byte(from.powers!)];
  target.bytes.set(source.bytes.subarray(at, at + 16), to);
}

/** Typed views of an image; offsets are the plan's. */
class Image {
  readonly plan: Plan;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly floats: Float32Array;

  /** @throws RangeError if the image is not of this plan's size */
  constructor(plan: Plan, bytes: Uint8Array) {
    if (bytes.length !== plan.state.bytes) {
      throw new RangeError(`state: expected ${plan.state.bytes} bytes, got ${bytes.length}.`);
    }
    this.plan = plan;
    // Views need an aligned start, which a part of a larger buffer may not have.
    this.bytes = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
    this.words = new Uint32Array(this.bytes.buffer, this.bytes.byteOffset, bytes.length / 4);
    this.floats = new Float32Array(this.bytes.buffer, this.bytes.byteOffset, bytes.length / 4);
  }
  byte(offset: number): number {
    return offset - this.plan.state.offset;
  }
  word(offset: number): number {
    return this.byte(offset) / 4;
  }
  array({ offset, shape }: ParameterSlot): Float32Array {
    return this.arena(offset, sizeOf(shape));
  }
  arena(offset: number, count: number): Float32Array {
    return this.floats.subarray(this.word(offset), this.word(offset) + count);
  }
  clearMoments({ first, second, powers, count }: ModuleArena): void {
    if (first === undefined || second === undefined || powers === undefined) return;
    this.arena(first, count).fill(0);
    this.arena(second, count).fill(0);
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.byte(powers), 16);
    view.setFloat64(0, 1, true); // β⁰
    view.setFloat64(8, 1, true);
  }
}
