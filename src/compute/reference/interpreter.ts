/**
 * Runs a plan's instructions one element at a time: the definition that executors are tested against. Slow by design.
 *
 * In `single` precision every result is rounded to float32, as executors compute; in `double` nothing is, so that finite
 * differences show whether a gradient is right.
 */
import { indexFromBits, normalFromBits, threefry2x32, uniformFromBits } from '../../numeric/random';
import { binaryOperations, unaryOperations } from '../program/operations';
import type { EntryPoint, Instruction, Place, Plan } from '../program/plan';
import { adam } from '../program/program';

export type Precision = 'single' | 'double';
type Rounding = (value: number) => number;
type Of<Op extends Instruction['op']> = Extract<Instruction, { op: Op }>;

/** Adam's moments below this become 0: denormals are slow on most processors. */
const smallestMoment = 1e-30;
const repetitionShift = 24;

export class Interpreter {
  readonly plan: Plan;
  /** The image in floats: element at byte offset o is number o / 4. */
  readonly floats: Float32Array | Float64Array;
  /** The image in u32: counters. In single precision the same memory as `floats`. */
  readonly words: Uint32Array;
  readonly #precision: Precision;
  readonly #round: Rounding;
  readonly #bits = new Uint32Array(2);
  /** First counter word of random draws. */
  #counter = 0;
  #update = 0;
  #repetition = 0;

  constructor(plan: Plan, precision: Precision = 'single') {
    this.plan = plan;
    this.#precision = precision;
    this.#round = precision === 'single' ? Math.fround : (value) => value;
    this.words = new Uint32Array(plan.bytes / 4);
    this.floats = precision === 'single' ? new Float32Array(this.words.buffer) : new Float64Array(plan.bytes / 4);
  }

  /** One update: the metrics row is left in the state. */
  update(): void {
    const { header, entries } = this.plan;
    this.#update = this.words[header.update / 4];
    this.#counter = this.#update;
    this.#repetition = 0;
    this.#runAll(entries['update'].instructions);
    this.words[header.update / 4] = this.#update + 1;
  }
  query(entry: EntryPoint, counter: number): void {
    this.words[this.plan.header.query / 4] = counter;
    this.#counter = counter;
    this.#runAll(entry.instructions);
  }
  /** β1ᵗ and β2ᵗ at byte `offset`. */
  readPowers(offset: number): readonly [number, number] {
    if (this.#precision === 'double') return [this.floats[offset / 4], this.floats[offset / 4 + 2]];
    const view = new DataView(this.words.buffer);
    return [view.getFloat64(offset, true), view.getFloat64(offset + 8, true)];
  }
  writePowers(offset: number, [first, second]: readonly [number, number]): void {
    if (this.#precision === 'double') {
      this.floats[offset / 4] = first;
      this.floats[offset / 4 + 2] = second;
      return;
    }
    const view = new DataView(this.words.buffer);
    view.setFloat64(offset, first, true);
    view.setFloat64(offset + 8, second, true);
  }

  #runAll(instructions: readonly Instruction[]): void {
    for (const instruction of instructions) this.#run(instruction);
  }
  #run(instruction: Instruction): void {
    switch (instruction.op) {
      case 'matmul':
        this.#matmul(instruction);
        break;
      case 'unary': {
        const { kind, x, out } = instruction;
        const compute = kind === 'copy' ? (value: number) => value : unaryOperations[kind];
        this.#write(out, (m, r, c) => compute(this.#read(x, m, r, c)));
        break;
      }
      case 'binary': {
        const { kind, x, y, out } = instruction;
        const compute = binaryOperations[kind];
        this.#write(out, (m, r, c) => compute(this.#read(x, m, r, c), this.#read(y, m, r, c)));
        break;
      }
      case 'select': {
        const { condition, x, y, out } = instruction;
        this.#write(out, (m, r, c) => this.#read(this.#read(condition, m, r, c) !== 0 ? x : y, m, r, c));
        break;
      }
      case 'reduce':
        this.#reduce(instruction);
        break;
      case 'fill':
        this.#write(instruction.out, () => instruction.value);
        break;
      case 'gather':
        this.#gather(instruction);
        break;
      case 'random': {
        const { distribution, stream, out } = instruction;
        const fromBits = distribution === 'normal' ? normalFromBits : uniformFromBits;
        this.#write(out, (_, r, c) => fromBits(this.#draw(stream, r * out.shape.columns + c)));
        break;
      }
      case 'adam':
        this.#adam(instruction);
        break;
      case 'polyak': {
        const { target, source, count } = instruction;
        const rate = this.#read(instruction.rate, 0, 0, 0);
        const round = this.#round;
        for (let i = 0; i < count; i++) {
          const before = this.floats[target / 4 + i];
          this.floats[target / 4 + i] = before + round(rate * round(this.floats[source / 4 + i] - before));
        }
        break;
      }
      case 'clip':
        this.#clip(instruction);
        break;
      case 'metric':
        this.floats[this.plan.metricsRow / 4 + instruction.column] = this.#read(instruction.value, 0, 0, 0);
        break;
      case 'block':
        this.#block(instruction);
        break;
      default:
        instruction satisfies never;
    }
  }

  #read({ offset, member, row, column }: Place, m: number, r: number, c: number): number {
    return this.floats[offset / 4 + m * member + r * row + c * column];
  }
  #write(place: Place, value: (m: number, r: number, c: number) => number): void {
    const { offset, member, row, column, shape } = place;
    for (let m = 0; m < shape.members; m++) {
      for (let r = 0; r < shape.rows; r++) {
        for (let c = 0; c < shape.columns; c++) {
          this.floats[offset / 4 + m * member + r * row + c * column] = value(m, r, c);
        }
      }
    }
  }

  /** The inner index runs from first to last into one sum; every product and every sum is rounded. */
  #matmul({ form, a, b, out, bias, activation, mask }: Of<'matmul'>): void {
    const round = this.#round;
    const inner = form === 'tn' ? a.shape.rows : a.shape.columns;
    const [aRow, aInner] = form === 'tn' ? [a.column, a.row] : [a.row, a.column];
    const [bInner, bColumn] = form === 'nt' ? [b.column, b.row] : [b.row, b.column];
    this.#write(out, (m, r, c) => {
      if (mask !== undefined && this.#read(mask, m, r, c) <= 0) return 0;
      const left = a.offset / 4 + m * a.member + r * aRow;
      const right = b.offset / 4 + m * b.member + c * bColumn;
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        sum = round(sum + round(this.floats[left + k * aInner] * this.floats[right + k * bInner]));
      }
      if (bias !== undefined) sum = round(sum + this.#read(bias, m, r, c));
      return activation === 'none' ? sum : unaryOperations[activation](sum);
    });
  }
  #reduce({ kind, axis, x, out }: Of<'reduce'>): void {
    const combine = binaryOperations[kind === 'sum' ? 'add' : kind];
    const size = x.shape[axis];
    this.#write(out, (m, r, c) => {
      const element = (i: number) =>
        axis === 'members' ? this.#read(x, i, r, c) : axis === 'rows' ? this.#read(x, m, i, c) : this.#read(x, m, r, i);
      let result = element(0);
      for (let i = 1; i < size; i++) result = this.#round(combine(result, element(i)));
      return result;
    });
  }

  /** Word `index` of a stream (plan.ts, StateHeader). */
  #draw(stream: number, index: number): number {
    const { key0, key1 } = this.plan.header;
    const second = (this.words[key1 / 4] + stream) >>> 0;
    threefry2x32(this.words[key0 / 4], second, this.#counter, index, this.#bits);
    return this.#bits[0];
  }
  #gather({ stream, out }: Of<'gather'>): void {
    const { data, replay, header, record } = this.plan;
    const [dataCount, replayCount] = [this.words[data.count / 4], this.words[replay.count / 4]];
    const isProportional = this.words[header.batchMode / 4] === 1;
    const offlineColumns = this.words[header.offlineColumns / 4];
    const { rows, columns } = out.shape;
    for (let c = 0; c < columns; c++) {
      const bits = this.#draw(stream, c);
      let index: number;
      let isOffline: boolean;
      if (isProportional) {
        index = indexFromBits(bits, dataCount + replayCount);
        isOffline = index < dataCount;
        if (!isOffline) index -= dataCount;
      } else {
        isOffline = c < offlineColumns;
        index = indexFromBits(bits, isOffline ? dataCount : replayCount);
      }
      const first = (isOffline ? data : replay).records / 4 + index * record.stride;
      for (let r = 0; r < rows; r++) this.floats[out.offset / 4 + r * columns + c] = this.floats[first + r];
    }
  }

  #adam({ parameters, gradients, first, second, powers, count, learningRate }: Of<'adam'>): void {
    const round = this.#round;
    const [before1, before2] = this.readPowers(powers);
    const [power1, power2] = [before1 * adam.beta1, before2 * adam.beta2];
    this.writePowers(powers, [power1, power2]);
    const step = round(this.#read(learningRate, 0, 0, 0) / (1 - power1));
    const scale = round(1 / Math.sqrt(1 - power2));
    const [decay1, decay2] = [round(adam.beta1), round(adam.beta2)];
    const [share1, share2] = [round(1 - adam.beta1), round(1 - adam.beta2)];
    const epsilon = round(adam.epsilon);
    const flush = (moment: number) => (Math.abs(moment) < smallestMoment ? 0 : moment);
    const { floats } = this;
    for (let i = 0; i < count; i++) {
      const gradient = floats[gradients / 4 + i];
      const m = flush(round(round(decay1 * floats[first / 4 + i]) + round(share1 * gradient)));
      const v = flush(round(round(decay2 * floats[second / 4 + i]) + round(share2 * round(gradient * gradient))));
      floats[first / 4 + i] = m;
      floats[second / 4 + i] = v;
      const size = round(round(round(Math.sqrt(v)) * scale) + epsilon);
      floats[parameters / 4 + i] -= round(round(step * m) / size);
    }
  }
  #clip({ gradients, count, limit }: Of<'clip'>): void {
    const round = this.#round;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const gradient = this.floats[gradients / 4 + i];
      squares = round(squares + round(gradient * gradient));
    }
    const norm = round(Math.sqrt(squares));
    if (!(norm > limit)) return;
    const factor = round(round(limit) / norm);
    for (let i = 0; i < count; i++) this.floats[gradients / 4 + i] *= factor;
  }
  #block({ every, repeat, enabled, body }: Of<'block'>): void {
    if (every !== undefined) {
      if (this.#update % every === 0) this.#runAll(body);
    } else if (enabled !== undefined) {
      if (this.#read(enabled, 0, 0, 0) !== 0) this.#runAll(body);
    } else if (repeat !== undefined) {
      const [outerCounter, outerRepetition] = [this.#counter, this.#repetition];
      for (let pass = 0; pass < repeat; pass++) {
        this.#repetition = outerRepetition * repeat + pass;
        this.#counter = (this.#update + (this.#repetition << repetitionShift)) >>> 0;
        this.#runAll(body);
      }
      this.#counter = outerCounter;
      this.#repetition = outerRepetition;
    }
  }
}
