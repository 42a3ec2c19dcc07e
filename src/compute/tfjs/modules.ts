/**
 * A module as flat tensors in the layout of the plan's arena: parameters, Adam's moments.
 * One tensor a kind, so a step is a dozen operations however many layers a network has, and a state is a byte copy.
 */
import type { Tensor, Tensor1D, Tensor3D } from '@tensorflow/tfjs';
import type { ModuleArena, ParameterSlot, Plan } from '../program/plan';
import { adam } from '../program/program';
import type { HostImage } from './image';
import type { Tfjs } from './library';
import { dimensions } from './operations';

export class ModuleTensors {
  readonly #tf: Tfjs;
  readonly #arena: ModuleArena;
  readonly #slots: ReadonlyMap<string, ParameterSlot>;
  #parameters: Tensor1D;
  #first: Tensor1D | undefined;
  #second: Tensor1D | undefined;

  constructor(tf: Tfjs, plan: Plan, arena: ModuleArena, image: HostImage) {
    this.#tf = tf;
    this.#arena = arena;
    const slots = plan.parameters.filter(({ module }) => module === arena.name);
    this.#slots = new Map([...slots].sort((a, b) => a.offset - b.offset).map((slot) => [slot.name, slot]));
    const upload = (offset: number) => tf.tensor1d(image.floats(offset, arena.count));
    this.#parameters = upload(arena.parameters);
    if (arena.first !== undefined) this.#first = upload(arena.first);
    if (arena.second !== undefined) this.#second = upload(arena.second);
  }

  /** The array `name` as it is now, [members, rows, columns]. */
  read(name: string): Tensor3D {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw new RangeError(`Module ${this.#arena.name} has no array named ${name}.`);
    const flat = this.#tf.slice(this.#parameters, [this.#firstOf(slot)], [sizeOf(slot)]);
    return this.#tf.reshape(flat, dimensions(slot.shape));
  }

  /**
   * One Adam step (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, algorithm 1).
   *
   * @param gradients  by array name; an array without one has gradient 0
   * @param limit      longest gradient of the whole module; longer ones are scaled down to it
   */
  step(gradients: ReadonlyMap<string, Tensor3D>, learningRate: Tensor, image: HostImage, limit?: number): void {
    const tf = this.#tf;
    const { first, second, powers } = this.#arena;
    if (first === undefined || second === undefined || powers === undefined) {
      throw new Error(`Module ${this.#arena.name} has no optimiser state.`);
    }
    // β1ᵗ and β2ᵗ stay float64 on the host: in float32 1 − β2ᵗ loses half its digits at the start.
    const power1 = image.double(powers) * adam.beta1;
    const power2 = image.double(powers + 8) * adam.beta2;
    image.setDouble(powers, power1);
    image.setDouble(powers + 8, power2);

    tf.tidy(() => {
      let gradient = this.#flatten(gradients);
      if (limit !== undefined) {
        const norm = tf.norm(gradient);
        gradient = tf.mul(gradient, tf.div(limit, tf.maximum(norm, limit)));
      }
      const m = tf.add<Tensor1D>(tf.mul(this.#first!, adam.beta1), tf.mul(gradient, 1 - adam.beta1));
      const v = tf.add<Tensor1D>(tf.mul(this.#second!, adam.beta2), tf.mul(tf.square(gradient), 1 - adam.beta2));
      const size = tf.div(tf.reshape(learningRate, []), 1 - power1);
      const spread = tf.add(tf.div(tf.sqrt(v), Math.sqrt(1 - power2)), adam.epsilon);
      const parameters = tf.sub<Tensor1D>(this.#parameters, tf.div(tf.mul(m, size), spread));
      this.#first = this.#swap(this.#first, m);
      this.#second = this.#swap(this.#second, v);
      this.#parameters = this.#swap(this.#parameters, parameters);
    });
  }

  /** this ← this + rate·(source − this) */
  moveTowards(source: ModuleTensors, rate: Tensor): void {
    const tf = this.#tf;
    tf.tidy(() => {
      const way = tf.mul(tf.sub(source.#parameters, this.#parameters), tf.reshape(rate, []));
      this.#parameters = this.#swap(this.#parameters, tf.add(this.#parameters, way));
    });
  }

  /** Copies parameters and moments into the image. */
  async download(image: HostImage): Promise<void> {
    const { parameters, first, second } = this.#arena;
    image.setFloats(parameters, (await this.#parameters.data()) as Float32Array);
    if (this.#first) image.setFloats(first!, (await this.#first.data()) as Float32Array);
    if (this.#second) image.setFloats(second!, (await this.#second.data()) as Float32Array);
  }

  dispose(): void {
    for (const tensor of [this.#parameters, this.#first, this.#second]) tensor?.dispose();
  }

  /** Arrays one after the other, zeros between them where the arena is padded. */
  #flatten(gradients: ReadonlyMap<string, Tensor3D>): Tensor1D {
    const tf = this.#tf;
    const pieces: Tensor1D[] = [];
    let end = 0;
    const zerosUpTo = (next: number) => {
      if (next > end) pieces.push(tf.zeros([next - end]));
      end = next;
    };
    for (const [name, slot] of this.#slots) {
      const gradient = gradients.get(name);
      if (gradient === undefined) continue;
      zerosUpTo(this.#firstOf(slot));
      pieces.push(tf.reshape(gradient, [sizeOf(slot)]));
      end += sizeOf(slot);
    }
    zerosUpTo(this.#arena.count);
    return tf.concat(pieces);
  }

  #firstOf(slot: ParameterSlot): number {
    return (slot.offset - this.#arena.parameters) / 4;
  }

  /** `next` outlives the tidy it was made in; `old` is given back. */
  #swap(old: Tensor1D | undefined, next: Tensor1D): Tensor1D {
    old?.dispose();
    return this.#tf.keep(next);
  }
}

function sizeOf({ shape }: ParameterSlot): number {
  return shape.members * shape.rows * shape.columns;
}
