/**
 * The same plan with its state and its replay records elsewhere: how replicas share one memory, one dataset and one set of
 * temporaries. Addresses are moved once, before encoding, so a replica costs nothing while it runs.
 */
import type { EntryPoint, Instruction, Place, Plan } from '../program/plan';

/** Where in `plan` its own state and replay records go, as byte offsets. */
export interface Home {
  readonly state: number;
  readonly replay: number;
}

/** Bytes of the replay records, without what follows them. */
export function replayBytes({ replay, record }: Plan): number {
  return 4 * record.stride * replay.capacity;
}

/** `plan` at another home. Modules keep their places within the state: only what runs is moved. */
export function relocate(plan: Plan, home: Home): Plan {
  const { state, replay, header } = plan;
  const move = (address: number): number => {
    if (address >= state.offset && address < state.offset + state.bytes) return address - state.offset + home.state;
    if (address >= replay.records && address < replay.records + replayBytes(plan))
      return address - replay.records + home.replay;
    return address;
  };
  const moved = <T extends Place | undefined>(place: T): T => (place && { ...place, offset: move(place.offset) }) as T;
  const places = (named: Readonly<Record<string, Place>>) =>
    Object.fromEntries(Object.entries(named).map(([name, place]) => [name, moved(place)]));

  const instruction = (given: Instruction): Instruction => {
    switch (given.op) {
      case 'matmul': {
        const { a, b, out, bias, mask } = given;
        return { ...given, a: moved(a), b: moved(b), out: moved(out), bias: moved(bias), mask: moved(mask) };
      }
      case 'unary':
      case 'reduce':
        return { ...given, x: moved(given.x), out: moved(given.out) };
      case 'binary':
        return { ...given, x: moved(given.x), y: moved(given.y), out: moved(given.out) };
      case 'select': {
        const { condition, x, y, out } = given;
        return { ...given, condition: moved(condition), x: moved(x), y: moved(y), out: moved(out) };
      }
      case 'fill':
      case 'gather':
      case 'random':
        return { ...given, out: moved(given.out) };
      case 'adam': {
        const { parameters, gradients, first, second, powers, learningRate } = given;
        return {
          ...given,
          parameters: move(parameters),
          gradients: move(gradients),
          first: move(first),
          second: move(second),
          powers: move(powers),
          learningRate: moved(learningRate),
        };
      }
      case 'polyak':
        return { ...given, target: move(given.target), source: move(given.source), rate: moved(given.rate) };
      case 'clip':
        return { ...given, gradients: move(given.gradients) };
      case 'metric':
        return { ...given, value: moved(given.value) };
      case 'block':
        return { ...given, enabled: moved(given.enabled), body: given.body.map(instruction) };
      default:
        return given satisfies never;
    }
  };
  const entry = (given: EntryPoint): EntryPoint => ({
    ...given,
    instructions: given.instructions.map(instruction),
    inputs: places(given.inputs),
    outputs: places(given.outputs),
  });

  return {
    ...plan,
    state: { ...state, offset: home.state },
    header: {
      key0: move(header.key0),
      key1: move(header.key1),
      update: move(header.update),
      query: move(header.query),
      batchMode: move(header.batchMode),
      offlineColumns: move(header.offlineColumns),
    },
    scalars: Object.fromEntries(
      Object.entries(plan.scalars).map(([name, scalar]) => [name, { ...scalar, offset: move(scalar.offset) }]),
    ),
    data: { ...plan.data, count: move(plan.data.count) },
    replay: { ...replay, count: move(replay.count), records: home.replay },
    metricsRow: move(plan.metricsRow),
    entries: Object.fromEntries(Object.entries(plan.entries).map(([name, given]) => [name, entry(given)])),
  };
}
