/**
 * A plan on the WebAssembly engine: one memory of exactly the size the plan needs, never grown (growth would detach every
 * view), the image at address 0.
 */
import { normalTable } from '../../numeric/random';
import type { BatchSplit, Session, SourceName } from '../executor';
import type { Place, Plan } from '../program/plan';
import { type Encoded, encode } from './encode';
import { engineBase64 } from './engine.generated';

const pageBytes = 65536;

/** What assembly/index.ts exports. Every kernel takes the address of an instruction. */
export interface EngineExports {
  configure(cells: number, normalTable: number, key: number): void;
  run(
    code: number,
    codeEnd: number,
    updates: number,
    update: number,
    metricsRow: number,
    metrics: number,
    log: number,
  ): void;
  query(code: number, codeEnd: number, counter: number): void;
  nn(instruction: number): void;
  nnRelu(instruction: number): void;
  tn(instruction: number): void;
  tnMasked(instruction: number): void;
  nt(instruction: number): void;
}

export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** An instance of the engine on a new memory of at least `bytes` bytes. The module is compiled once. */
export async function instantiateEngine(bytes: number): Promise<{ memory: WebAssembly.Memory; engine: EngineExports }> {
  compiled ??= WebAssembly.compile(decodeBase64(engineBase64));
  const pages = Math.ceil(bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = await WebAssembly.instantiate(await compiled, { env: { memory } });
  return { memory, engine: instance.exports as unknown as EngineExports };
}

/**
 * A session on `plan`, starting from `state` (plan.state.bytes long).
 *
 * @throws RangeError if the engine will not give that much memory
 */
export async function openPlan(plan: Plan, state: Uint8Array): Promise<Session> {
  const encoded = encode(plan);
  const { memory, engine } = await instantiateEngine(encoded.bytes);
  new Int32Array(memory.buffer).set(normalTable, encoded.table / 4);
  new Int32Array(memory.buffer).set(encoded.words, encoded.code / 4);
  if (plan.header.key1 !== plan.header.key0 + 4) throw new Error('plan: expected key1 right behind key0');
  engine.configure(encoded.cells, encoded.table, plan.header.key0);
  const session = new WasmSession(plan, encoded, memory.buffer, engine);
  await session.writeState(state);
  return session;
}

class WasmSession implements Session {
  private readonly floats: Float32Array;
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  private disposed = false;

  constructor(
    readonly plan: Plan,
    private readonly encoded: Encoded,
    buffer: ArrayBuffer,
    private readonly engine: EngineExports,
  ) {
    this.floats = new Float32Array(buffer);
    this.words = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  setScalar(name: string, value: number): void {
    const slot = this.plan.scalars[name];
    if (!slot) throw new Error(`scalar ${name}: expected one of ${Object.keys(this.plan.scalars).join(', ')}`);
    this.floats[slot.offset / 4] = value;
  }

  setBatchSplit({ offlineColumns }: BatchSplit): void {
    const proportional = offlineColumns === 'proportional';
    if (
      !proportional &&
      !(Number.isInteger(offlineColumns) && offlineColumns >= 0 && offlineColumns <= this.plan.batch)
    )
      throw new RangeError(`offlineColumns: expected an integer from 0 to ${this.plan.batch}, got ${offlineColumns}`);
    this.words[this.plan.header.batchMode / 4] = proportional ? 1 : 0;
    this.words[this.plan.header.offlineColumns / 4] = proportional ? 0 : offlineColumns;
  }

  async writeRecords(source: SourceName, first: number, records: Float32Array, count: number): Promise<void> {
    const slots = this.plan[source];
    const { stride } = this.plan.record;
    if (first < 0 || first * stride + records.length > slots.capacity * stride || count < 0 || count > slots.capacity)
      throw new RangeError(
        `${source}: capacity ${slots.capacity} records, got ${records.length / stride} from ${first}, count ${count}`,
      );
    this.floats.set(records, slots.records / 4 + first * stride);
    this.words[slots.count / 4] = count;
  }

  async run(updates: number): Promise<Float32Array> {
    this.assertOpen();
    const { plan, encoded } = this;
    const metrics = plan.metrics.length;
    const rows = new Float32Array(updates * metrics);
    const { start, end } = encoded.entries.update;
    for (let done = 0; done < updates; ) {
      const turn = Math.min(updates - done, plan.log.rows);
      this.engine.run(start, end, turn, plan.header.update, plan.metricsRow, metrics, plan.log.offset);
      const log = plan.log.offset / 4;
      rows.set(this.floats.subarray(log, log + turn * metrics), done * metrics);
      done += turn;
    }
    return rows;
  }

  async query(
    name: string,
    inputs: Readonly<Record<string, Float32Array>>,
    counter = 0,
  ): Promise<Record<string, Float32Array>> {
    this.assertOpen();
    const entry = name === 'update' ? undefined : this.plan.entries[name];
    if (!entry) throw new Error(`query ${name}: the plan has none of that name`);
    for (const [input, place] of Object.entries(entry.inputs)) {
      const values = inputs[input];
      if (values?.length !== size(place))
        throw new RangeError(
          `query ${name}: input ${input} takes ${size(place)} numbers, got ${values?.length ?? 'none'}`,
        );
      this.floats.set(values, place.offset / 4);
    }
    const { start, end } = this.encoded.entries[name];
    this.engine.query(start, end, counter >>> 0);
    return Object.fromEntries(
      Object.entries(entry.outputs).map(([output, place]) => {
        const first = place.offset / 4;
        return [output, this.floats.slice(first, first + size(place))];
      }),
    );
  }

  async readState(): Promise<Uint8Array> {
    const { offset, bytes } = this.plan.state;
    return this.bytes.slice(offset, offset + bytes);
  }

  async writeState(state: Uint8Array): Promise<void> {
    const { offset, bytes } = this.plan.state;
    if (state.length !== bytes) throw new RangeError(`state: expected ${bytes} bytes, got ${state.length}`);
    this.bytes.set(state, offset);
  }

  async readReplay(count: number): Promise<Float32Array> {
    const first = this.plan.replay.records / 4;
    return this.floats.slice(first, first + count * this.plan.record.stride);
  }

  /** Nothing to free but references: the memory goes when the session does. */
  dispose(): void {
    this.disposed = true;
  }

  private assertOpen(): void {
    if (this.disposed) throw new Error('the session was disposed');
  }
}

function size({ shape: { members, rows, columns } }: Place): number {
  return members * rows * columns;
}
