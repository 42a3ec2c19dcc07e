/**
 * Hosts one seed after another, or all seeds at once as lanes of one graphics device. The page ends it when none is left. Data are
 * made once and kept for the next seed.
 */
import type { Position, RunEvent } from '../src/metrics/events';
import type { RunSpec } from '../src/spec/runSpec';
import { type ChosenExecutor, chooseExecutor, repeatChoice } from '../src/training/executors';
import { type LanesContext, trainLanes } from '../src/training/lanes';
import { type Prepared, preparationKey, prepare } from '../src/training/prepare';
import { Pace } from './pace';
import { type FromTrainer, type LaneStart, type ToTrainer, transferables } from './protocol';
import { Reporter } from './reporter';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const now = () => performance.now();
/** Messages are let in at least this often, in ms. */
const breath = 20;
let pace: Pace | null = null;
/** Lanes that still train; each message of the host concerns all of them. */
let living: readonly LaneStart[] = [];

function post(message: FromTrainer): void {
  scope.postMessage(message, transferables(message));
}

// A message to oneself queues behind those that came before it; a timer would wait at least 4 ms.
const channel = new MessageChannel();
let arrived: () => void = () => {};
channel.port1.onmessage = () => arrived();
const letMessagesIn = () =>
  new Promise<void>((resolve) => {
    arrived = resolve;
    channel.port2.postMessage(null);
  });
const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

let kept: { key: string; events: readonly RunEvent[]; prepared: Prepared } | null = null;

/** Makes what the runs learn from, or takes what the seed before used. */
async function prepared(spec: RunSpec, report: (event: RunEvent) => void) {
  const key = preparationKey(spec);
  if (kept?.key !== key) {
    const events: RunEvent[] = [];
    const making = prepare(spec);
    let lastBreath = now();
    let piece = making.next();
    while (!piece.done) {
      if (piece.value.kind === 'preparing') report(piece.value);
      else events.push(piece.value);
      if (now() - lastBreath > breath) {
        await letMessagesIn();
        lastBreath = now();
      }
      piece = making.next();
    }
    kept = { key, events, prepared: piece.value };
  }
  return kept;
}

/** The executor of all lanes: what another worker has found, what the recipe says, or what a trial shows. */
async function chosenFor(
  { lanes, places, isCompared, choice }: Start,
  data: Promise<{ prepared: Prepared }>,
  report: (event: RunEvent) => void,
): Promise<ChosenExecutor> {
  const [{ spec }] = lanes;
  if (choice) return repeatChoice(choice);
  if (spec.executor !== 'auto') return chooseExecutor(spec.executor);
  const seeds = lanes.map(({ seed }) => seed);
  const { prepared: made } = await data;
  report({ kind: 'preparing', what: 'Trying which executor is fastest here', done: 0, of: 0 });
  return chooseExecutor('auto', { spec, prepared: made, seeds, places, isCompared, now, sleep });
}

type Start = Extract<ToTrainer, { kind: 'start' }>;

async function start(message: Start): Promise<void> {
  living = message.lanes;
  const [first] = message.lanes;
  const reporters = new Map(
    message.lanes.map(({ runId, seed }) => {
      const send = (event: RunEvent) => post({ kind: 'event', runId, seed, event });
      return [seedOf(runId, seed), new Reporter(send, now)];
    }),
  );
  const reporterOf = ({ runId, seed }: LaneStart) => reporters.get(seedOf(runId, seed)) as Reporter;
  const positions = new Map<LaneStart, Position>();
  const control = new Pace({
    now,
    letMessagesIn,
    sleep,
    changes: first.spec.changes,
    held: message.held,
    updatesPerSecond: message.updatesPerSecond,
    onHeld: (request, at) => {
      for (const lane of living) {
        reporterOf(lane).flush();
        post({ kind: 'held', runId: lane.runId, seed: lane.seed, request, at: positions.get(lane) ?? at });
      }
    },
  });
  pace = control;
  try {
    const report = (event: RunEvent) => reporterOf(first).report(event);
    const sayNow = (event: RunEvent) => {
      report(event);
      reporterOf(first).flush();
    };
    const making = prepared(first.spec, report);
    const [{ executor, why, timings, problem }, data] = await Promise.all([chosenFor(message, making, sayNow), making]);
    const lanes = executor.id === 'webgpu' ? message.lanes : [first];
    living = lanes;
    if (message.lanes.length > 1) {
      const { runId, seed } = first;
      const choice = { executor: executor.id, why, timings };
      post({ kind: 'chosen', runId, seed, choice, together: lanes.length > 1 });
    }
    for (const lane of lanes) {
      for (const event of data.events) reporterOf(lane).report(event);
      if (problem && lane.lead) reporterOf(lane).report({ kind: 'problem', problem });
    }
    await learn(lanes, { prepared: data.prepared, executor, why, timings, control }, (lane, event) => {
      if (event.kind === 'evaluation') control.evaluated();
      if ('at' in event) positions.set(lane, event.at);
      reporterOf(lane).report(event);
      if (event.kind === 'finished') living = living.filter((other) => other !== lane);
    });
  } catch (error) {
    for (const lane of living) {
      reporterOf(lane).flush();
      const detail = error instanceof Error ? error.message : String(error);
      post({ kind: 'failed', runId: lane.runId, seed: lane.seed, detail });
    }
  }
}
const seedOf = (runId: string, seed: number) => `${runId} ${seed}`;

async function learn(
  lanes: readonly LaneStart[],
  context: LanesContext,
  report: (lane: LaneStart, event: RunEvent) => void,
): Promise<void> {
  let lastBreath = now();
  /** Runs that have said that the device is lost: all their lanes are, and once is enough. */
  const told = new Set<string>();
  for await (const { lane: index, event } of trainLanes(lanes, context)) {
    const lane = lanes[index];
    const isLoss = event.kind === 'problem' && event.problem.kind === 'deviceLost';
    if (!isLoss || !told.has(lane.runId)) report(lane, event);
    if (isLoss) told.add(lane.runId);
    // Between calls `next` lets messages in; evaluating does not call it.
    if (now() - lastBreath > breath) {
      await letMessagesIn();
      lastBreath = now();
    }
  }
}

scope.onmessage = ({ data: message }: MessageEvent<ToTrainer>) => {
  switch (message.kind) {
    case 'start':
      void start(message);
      return;
    case 'hold':
      pace?.hold(message.request);
      return;
    case 'resume':
      pace?.resume();
      return;
    case 'step':
      pace?.step(message.toEvaluation);
      return;
    case 'speed':
      pace?.setSpeed(message.updatesPerSecond);
      return;
    case 'change':
      pace?.change(message.change);
      return;
    case 'ping':
      for (const { runId, seed } of living.slice(0, 1)) post({ kind: 'alive', runId, seed });
      return;
    default:
      message satisfies never;
  }
};
