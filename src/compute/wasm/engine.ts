/**
 * A plan on the WebAssembly engine, for one learner or several: one memory of exactly the size the plan needs, never grown
 * (growth would detach every view), the image at address 0.
 */
import { normalTable } from '../../numeric/random';
import type { BatchSplit, Session, SourceName } from '../executor';
import type { Place, Plan } from '../program/plan';
import { type Encoded, encode } from './encode';
import { engineBase64 } from './engine.generated';
import { loadRelaxedEngine } from './relaxed';
import { type Home, relocate, replayBytes } from './relocate';

const pageBytes = 65536;
/** Replicas lie as the first one does, at whole cache lines. */
const regionBytes = 64;

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

/** Strict: every operation rounded, the same bits everywhere. Relaxed: fused multiply-add, whose bits depend on the processor. */
export type Flavour = 'strict' | 'relaxed';
const compiled = new Map<Flavour, Promise<WebAssembly.Module>>();

/** Each flavour's module, compiled once. */
function moduleOf(flavour: Flavour): Promise<WebAssembly.Module> {
  let module = compiled.get(flavour);
  if (!module) {
    module = binaryOf(flavour).then((binary) => WebAssembly.compile(decodeBase64(binary)));
    compiled.set(flavour, module);
  }
  return module;
}

async function binaryOf(flavour: Flavour): Promise<string> {
  return flavour === 'strict' ? engineBase64 : loadRelaxedEngine();
}

/** `instances` of the engine on one new memory of at least `bytes` bytes; each has its own configuration. */
async function instantiate(bytes: number, flavour: Flavour, instances: number) {
  const module = await moduleOf(flavour);
  const pages = Math.ceil(bytes / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const engines: EngineExports[] = [];
  for (let i = 0; i < instances; i++) {
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    engines.push(exports as unknown as EngineExports);
  }
  return { memory, engines };
}

/** An instance of the engine on a new memory of at least `bytes` bytes. */
export async function instantiateEngine(
  bytes: number,
  flavour: Flavour = 'strict',
): Promise<{ memory: WebAssembly.Memory; engine: EngineExports }> {
  const { memory, engines } = await instantiate(bytes, flavour, 1);
  return { memory, engine: engines[0] };
}

/**
 * A session on `plan`, starting from `state` (plan.state.bytes long).
 *
 * @throws RangeError if the engine will not give that much memory
 */
export async function openPlan(plan: Plan, state: Uint8Array, flavour: Flavour = 'strict'): Promise<Session> {
  return (await openReplicas(plan, [state], flavour))[0];
}

/**
 * One session a state, in one memory: the dataset, temporaries, tables and the log are shared, state and replay records are each
 * one's own. The first lies where `plan` has it, the others behind:
 *
 *     [ image of the first | state, replay | state, replay | … | tables | code of the first | code of the second | … ]
 *
 * @throws RangeError if the engine will not give that much memory
 */
export async function openReplicas(plan: Plan, states: readonly Uint8Array[], flavour: Flavour): Promise<Session[]> {
  if (plan.header.key1 !== plan.header.key0 + 4) throw new Error('plan: expected key1 right behind key0');
  const homes: Home[] = [{ state: plan.state.offset, replay: plan.replay.records }];
  let end = plan.bytes;
  const take = (bytes: number) => {
    const offset = Math.ceil(end / regionBytes) * regionBytes;
    end = offset + bytes;
    return offset;
  };
  while (homes.length < states.length) homes.push({ state: take(plan.state.bytes), replay: take(replayBytes(plan)) });
  const placed = homes.map((home) => ({ ...relocate(plan, home), bytes: end }));
  const encoded: Encoded[] = [];
  for (const own of placed) encoded.push(encode(own, encoded.at(-1)?.bytes));

  const { memory, engines } = await instantiate(encoded[encoded.length - 1].bytes, flavour, states.length);
  const words = new Int32Array(memory.buffer);
  words.set(normalTable, encoded[0].table / 4);
  const counts = placed.map(({ data }) => data.count);
  return Promise.all(
    placed.map(async (own, replica) => {
      const code = encoded[replica];
      words.set(code.words, code.code / 4);
      engines[replica].configure(code.cells, code.table, own.header.key0);
      const session = new WasmSession(plan, own, counts, code, memory.buffer, engines[replica]);
      await session.writeState(states[replica]);
      return session;
    }),
  );
}

class WasmSession implements Session {
  private readonly floats: Float32Array;
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  private disposed = false;

  /**
   * @param plan    as every executor lays it; what others read
   * @param placed  the same where this replica lies
   * @param counts  where each replica keeps the number of records of the data
   */
  constructor(
    readonly plan: Plan,
    private readonly placed: Plan,
    private readonly counts: readonly number[],
    private readonly encoded: Encoded,
    buffer: ArrayBuffer,
    private readonly engine: EngineExports,
  ) {
    this.floats = new Float32Array(buffer);
    this.words = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  setScalar(name: string, value: number): void {
    const slot = this.placed.scalars[name];
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
    this.words[this.placed.header.batchMode / 4] = proportional ? 1 : 0;
    this.words[this.placed.header.offlineColumns / 4] = proportional ? 0 : offlineColumns;
  }

  async writeRecords(source: SourceName, first: number, records: Float32Array, count: number): Promise<void> {
    const slots = this.placed[source];
    const { stride } = this.plan.record;
    if (first < 0 || first * stride + records.length > slots.capacity * stride || count < 0 || count > slots.capacity)
      throw new RangeError(
        `${source}: capacity ${slots.capacity} records, got ${records.length / stride} from ${first}, count ${count}`,
      );
    this.floats.set(records, slots.records / 4 + first * stride);
    for (const address of source === 'data' ? this.counts : [slots.count]) this.words[address / 4] = count;
  }

  async run(updates: number): Promise<Float32Array> {
    this.assertOpen();
    const { placed, encoded } = this;
    const metrics = placed.metrics.length;
    const rows = new Float32Array(updates * metrics);
    const { start, end } = encoded.entries.update;
    for (let done = 0; done < updates; ) {
      const turn = Math.min(updates - done, placed.log.rows);
      this.engine.run(start, end, turn, placed.header.update, placed.metricsRow, metrics, placed.log.offset);
      const log = placed.log.offset / 4;
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
    const entry = name === 'update' ? undefined : this.placed.entries[name];
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
    const { offset, bytes } = this.placed.state;
    return this.bytes.slice(offset, offset + bytes);
  }

  async writeState(state: Uint8Array): Promise<void> {
    const { offset, bytes } = this.placed.state;
    if (state.length !== bytes) throw new RangeError(`state: expected ${bytes} bytes, got ${state.length}`);
    this.bytes.set(state, offset);
  }

  async readReplay(count: number): Promise<Float32Array> {
    const first = this.placed.replay.records / 4;
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
