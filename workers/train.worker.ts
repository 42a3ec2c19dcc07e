/**
 * Hosts one seed after another of one run. The page ends it when no seed is left. Data are made once and kept for the next seed.
 */
import type { RunEvent } from '../src/metrics/events';
import type { RunSpec } from '../src/spec/runSpec';
import { chooseExecutor } from '../src/training/executors';
import { type Prepared, preparationKey, prepare } from '../src/training/prepare';
import { train } from '../src/training/train';
import { Pace } from './pace';
import { type FromTrainer, type ToTrainer, transferables } from './protocol';
import { Reporter } from './reporter';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const now = () => performance.now();
/** Messages are let in at least this often, in ms. */
const breath = 20;
let pace: Pace | null = null;
let running: { runId: string; seed: number } | null = null;

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

/** Makes what the run learns from, or takes what the seed before it used; either way says the same. */
async function prepared(spec: RunSpec, report: (event: RunEvent) => void): Promise<Prepared> {
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
  for (const event of kept.events) report(event);
  return kept.prepared;
}

async function start(message: Extract<ToTrainer, { kind: 'start' }>): Promise<void> {
  const [{ runId, seed, spec, lead }] = message.lanes;
  running = { runId, seed };
  const reporter = new Reporter((event) => post({ kind: 'event', runId, seed, event }), now);
  const control = new Pace({
    now,
    letMessagesIn,
    sleep,
    changes: spec.changes,
    held: message.held,
    updatesPerSecond: message.updatesPerSecond,
    onHeld: (request, at) => {
      reporter.flush();
      post({ kind: 'held', runId, seed, request, at });
    },
  });
  pace = control;
  try {
    const report = (event: RunEvent) => reporter.report(event);
    const [{ executor, why, problem }, data] = await Promise.all([
      chooseExecutor(spec.executor),
      prepared(spec, report),
    ]);
    if (message.lanes.length > 1)
      post({ kind: 'chosen', runId, seed, choice: { executor: executor.id, why, timings: [] }, together: false });
    if (problem && lead) report({ kind: 'problem', problem });
    let lastBreath = now();
    for await (const event of train(spec, seed, { prepared: data, executor, why, control, lead })) {
      if (event.kind === 'evaluation') control.evaluated();
      report(event);
      // Between calls `next` lets messages in; evaluating does not call it.
      if (now() - lastBreath > breath) {
        await letMessagesIn();
        lastBreath = now();
      }
    }
    reporter.flush();
  } catch (error) {
    reporter.flush();
    post({ kind: 'failed', runId, seed, detail: error instanceof Error ? error.message : String(error) });
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
      if (running) post({ kind: 'alive', ...running });
      return;
    default:
      message satisfies never;
  }
};
