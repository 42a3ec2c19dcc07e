/**
 * The training loop: offline phase, the switch, online phase, evaluation, checkpoints. One async generator of events that
 * knows no receiver; the same one runs in a worker, in tests and at the command line. Start reading at `train`.
 *
 * A run's bits depend on (spec, seed) alone: how many updates go into one call, pauses, snapshots and checkpoints never
 * show in its digest.
 */

import { algorithms } from '../algorithms/registry';
import { DeviceLost } from '../compute/deviceLost';
import type { Executor, ExecutorId } from '../compute/executor';
import { copyModule, parameterBytes, resetState, shrinkAndPerturb, transferState, writeWord } from '../compute/state';
import type { Neighbours } from '../datasets/neighbours';
import type { Environment, State } from '../environments/environment';
import type { Evaluation, ExecutorTiming, Position, RunEvent } from '../metrics/events';
import { sha256Hex } from '../numeric/digest';
import { type RandomStream, stream } from '../numeric/random';
import type { FieldValue } from '../schema/field';
import { setField } from '../spec/fields';
import type { RunProblem } from '../spec/problems';
import type { EvaluationValues, NetworkValues, SwitchValues } from '../spec/runFields';
import type { Phase, RunSpec } from '../spec/runSpec';
import { anchorModule, assemble } from './assemble';
import { pack, unpack } from './container';
import type { RunControl } from './control';
import { type Episodes, playEpisodes, promiseAndOutcome } from './evaluate';
import { chooseExecutor, executorName } from './executors';
import { Learner } from './learner';
import type { Prepared } from './prepare';
import { Recovery } from './recovery';

export interface TrainContext {
  readonly prepared: Prepared;
  readonly executor: Executor;
  /** Why this executor, in a sentence. */
  readonly why: string;
  /** What was measured to choose it. */
  readonly timings?: readonly ExecutorTiming[];
  readonly control: RunControl;
  /** The lead seed sends a snapshot with every evaluation. */
  readonly lead: boolean;
  /** Send a checkpoint after every so many evaluations; 0 never. */
  readonly checkpointEvery?: number;
  /** A checkpoint of this spec and seed, to go on from. */
  readonly checkpoint?: Uint8Array;
}

/** Dataset states at which the distance to π₀ is measured. */
const distanceStates = 256;
/** Rows of metrics that travel together: about ten messages a second at full speed. */
const rowsPerMessage = 10;
/** Metrics are averaged over this part of the steps between two evaluations. */
const rowsPerEvaluation = 5;
/** |Q| beyond this many times the ceiling (at least of a ceiling of 50) is divergence: 10,000 in U-maze. */
const divergenceFactor = 200;
const smallestCeiling = 50;
/** No quantity of a run that learns comes near it; float32 ends at 3.4e38. */
const largestValue = 1e30;
/** Largest replay buffer, in transitions; older ones are overwritten. */
const largestReplay = 1_000_000;

/** What changes while a run goes on. `save` writes all of it, `restore` reads it back. */
interface Loop {
  phase: Phase;
  /** Updates offline, environment steps online. */
  step: number;
  /** Updates of both phases: addresses every random draw of the programs. */
  updates: number;
  /** Step of the phase at which the last evaluation was made, −1 for none. */
  evaluatedAt: number;
  /** Changes of the phase already applied. */
  applied: number;
  /** Every evaluation's returns so far, for the digest. */
  returns: number[];
  /** The newest evaluation: the one at the switch ends one phase and starts the other. */
  latest: Evaluation | null;
  /** π₀'s actions at the distance states, from the switch on. */
  pretrained: Float32Array | null;
  replayed: number;
  episode: { index: number; state: State; step: number; return: number; position: number } | null;
  evaluations: number;
  outcome: 'running' | 'complete' | 'stopped' | 'failed';
}
interface Run {
  readonly spec: RunSpec;
  readonly seed: number;
  readonly context: TrainContext;
  readonly evaluation: EvaluationValues;
  /** The spec with the changes made so far. */
  current: RunSpec;
  learner: Learner;
  readonly loop: Loop;
  /** Online, one set of acting weights serves this many steps. */
  readonly staleness: number;
  /** Records of one block, [staleness, stride]: written once a step, sent once a block. */
  readonly block: Float32Array;
  /** Where nothing could be lost, nothing is kept. */
  readonly recovery: Recovery | null;
  metrics: MetricRows;
}

/** Yields what happens in one seed's run, from the first update to the digest. */
export async function* train(spec: RunSpec, seed: number, context: TrainContext): AsyncGenerator<RunEvent, void, void> {
  let run: Run | null = null;
  try {
    try {
      run = await begin(spec, seed, context);
      yield* introduce(run);
      yield* learn(run);
    } catch (error) {
      if (!(error instanceof DeviceLost) || context.executor.id === reliable) throw error;
      run?.learner.dispose();
      const after = await goOn(spec, seed, context, run, error.message);
      run = after.run;
      yield* after.events;
      yield* learn(run);
    }
  } catch (error) {
    // Memory is taken at the start and again at the switch; whatever was measured until then has been said.
    if (!isOutOfMemory(error)) throw error;
    yield { kind: 'problem', problem: outOfMemory(context) };
    const at: Position = run ? position(run) : { phase: 'offline', step: 0 };
    yield { kind: 'finished', at, digest: null, outcome: 'failed' };
  } finally {
    run?.learner.dispose();
  }
}

async function* learn(run: Run): AsyncGenerator<RunEvent> {
  if (run.loop.phase === 'offline') {
    yield* learnOffline(run);
    if (run.loop.outcome === 'running') yield* crossTheSwitch(run);
  }
  if (run.loop.outcome === 'running') yield* learnOnline(run);
  yield* conclude(run);
}

/**
 * The run on the executor that cannot be lost, from the newest recovery point. A device that refused before anything was said
 * only means another choice of executor, which repeats as ever.
 */
async function goOn(
  spec: RunSpec,
  seed: number,
  context: TrainContext,
  lost: Run | null,
  reason: string,
): Promise<{ run: Run; events: RunEvent[] }> {
  const { executor } = await chooseExecutor(reliable);
  const used = executorName(executor.id);
  if (lost === null) {
    const why = `${reason.replace(/\.$/, '')}, so ${used} is used.`;
    const run = await begin(spec, seed, { ...context, executor, why });
    const problem: RunProblem = {
      kind: 'executorUnavailable',
      executor: context.executor.id,
      reason: reason.replace(/\.$/, ''),
      used,
    };
    return { run, events: [{ kind: 'problem', problem }, ...introduce(run)] };
  }
  const changed = { ...context, executor };
  const { recovery } = lost;
  const run = recovery?.point
    ? await restore(spec, seed, changed, recovery.point, lost)
    : await begin(spec, seed, changed, lost.staleness);
  const problem: RunProblem = {
    kind: 'deviceLost',
    at: position(lost),
    from: position(run),
    seed,
    executor: executorName(context.executor.id),
    reason,
    used,
  };
  return {
    run,
    events: [
      { kind: 'resumed', at: position(run), executor: executor.id, reason },
      { kind: 'problem', problem },
    ],
  };
}

async function* learnOffline(run: Run): AsyncGenerator<RunEvent> {
  const { loop, evaluation } = run;
  for (;;) {
    yield* applyChanges(run);
    if (loop.step % evaluation.offlineEvery === 0 || loop.step === run.spec.offline.updates || isEnding(run))
      yield* evaluate(run);
    if (loop.step >= run.spec.offline.updates || isEnding(run)) return;
    const granted = await run.context.control.next(position(run));
    if (granted === 'stop') {
      loop.outcome = 'stopped';
      return;
    }
    const goal = nextStop(run, granted, run.spec.offline.updates, evaluation.offlineEvery);
    if (goal === loop.step) continue;
    const updates = goal - loop.step;
    const log = await run.learner.run(updates, isLandmark(run, goal));
    for (let row = 0; row < updates; row++) {
      loop.step++;
      loop.updates++;
      const problem = run.metrics.add(log, row, loop.step, true);
      if (problem) {
        yield* fail(run, problem);
        return;
      }
    }
    yield* report(run);
  }
}

async function* learnOnline(run: Run): AsyncGenerator<RunEvent> {
  const { loop, evaluation, context } = run;
  const random = new EpisodeRandom(run.seed);
  for (;;) {
    yield* applyChanges(run);
    const isWhole = loop.step % evaluation.onlineEvery === 0 || loop.step === run.spec.online.steps || isEnding(run);
    if (isWhole) yield* evaluate(run);
    if (loop.step >= run.spec.online.steps || isEnding(run)) {
      if (!isEnding(run)) loop.outcome = 'complete';
      return;
    }
    const granted = await context.control.next(position(run));
    if (granted === 'stop') {
      loop.outcome = 'stopped';
      return;
    }
    const goal = nextStop(run, granted, run.spec.online.steps, evaluation.onlineEvery);
    // A grant is rounded up to the end of a block, so that where blocks end depends on the recipe alone.
    while (loop.step < goal) {
      const rest = run.staleness - (loop.step % run.staleness);
      const end = nextStop(run, rest, run.spec.online.steps, evaluation.onlineEvery);
      yield* takeBlock(run, end, random);
      if (isEnding(run)) return;
    }
    yield* report(run);
  }
}

/**
 * Acts up to step `end` with the weights as they are, stores what was seen, then makes the updates of all these steps. What
 * shrinks step by step (the offline penalty) has its value of the last step.
 */
async function* takeBlock(run: Run, end: number, random: EpisodeRandom): AsyncGenerator<RunEvent> {
  const { loop, learner, context } = run;
  const { environment, packer } = context.prepared;
  const { warmup, updatesPerStep } = run.current.switch as SwitchValues;
  const learnsFrom = Math.max(loop.step, Math.min(warmup, end));
  const records = run.block.subarray(0, (end - loop.step) * packer.layout.stride);
  const finished: RunEvent[] = [];
  for (let row = 0; loop.step < end; row++) {
    loop.episode ??= firstStep(environment, run.seed, 0);
    const { index, state, step, return: sum, position: drawn } = loop.episode;
    const stream = random.of(index, drawn);
    const observation = new Float32Array(environment.observation.low.length);
    environment.observe(state, observation, 0);
    const action = await learner.explore(observation, loop.step);
    const { state: nextState, reward, terminated } = environment.step(state, action, stream);
    const nextObservation = new Float32Array(observation.length);
    environment.observe(nextState, nextObservation, 0);
    learner.pack({ observation, action, reward, terminated, nextObservation }, records, row);
    loop.step++;
    loop.episode = { index, state: nextState, step: step + 1, return: sum + reward, position: stream.position };
    if (!terminated && loop.episode.step < environment.maxSteps) continue;
    finished.push({ kind: 'episode', at: position(run), return: loop.episode.return, length: loop.episode.step });
    loop.episode = firstStep(environment, run.seed, index + 1);
  }
  await learner.remember(records, loop.replayed, replayCapacity(run.spec));
  run.recovery?.keep(records);
  loop.replayed += records.length / packer.layout.stride;
  const updates = (end - learnsFrom) * updatesPerStep;
  if (updates > 0) {
    decayPenalty(run);
    const log = await learner.run(updates, true);
    for (let row = 0; row < updates; row++) {
      loop.updates++;
      const step = learnsFrom + 1 + Math.floor(row / updatesPerStep);
      const problem = run.metrics.add(log, row, step, (row + 1) % updatesPerStep === 0);
      if (problem) {
        yield* fail(run, problem);
        return;
      }
    }
  }
  yield* finished;
}

/** Measures the regime, then moves the learner to the online programs: what fits is kept, resets and anchors are made. */
async function* crossTheSwitch(run: Run): AsyncGenerator<RunEvent> {
  const { spec, seed, loop, context } = run;
  const { environment, dataset } = context.prepared;
  const hasPretrained = spec.offline.updates > 0;
  if (hasPretrained && dataset) {
    const random = { seed, name: 'regime', indices: [] } as const;
    const { returns } = await playEpisodes(run.learner, environment, random, run.evaluation.regimeEpisodes);
    yield { kind: 'regime', returns, mean: average(returns) };
    loop.pretrained = await run.learner.greedy(distanceObservations(run));
  }
  if (spec.online.steps === 0) {
    loop.outcome = 'complete';
    return;
  }
  const options = spec.switch as SwitchValues;
  const before = run.learner;
  const state = await before.readState();
  const learner = await openLearner(run.current, seed, context, 'online');
  const to = learner.plan;
  let kept: readonly string[] = [];
  let fresh: readonly string[] = to.arenas.map(({ name }) => name);
  let next = await learner.readState();
  if (hasPretrained) {
    const moved = transferState(before.plan, state, to, seed);
    ({ kept, fresh } = moved);
    next = moved.state;
    if (to.arenas.some(({ name }) => name === anchorModule)) next = copyModule(to, next, 'policy', anchorModule);
    if (options.shrink < 1) next = shrinkAndPerturb(to, next, options.shrink, seed);
    if (options.reset !== 'none') next = resetState(to, next, options.reset, seed);
  }
  // Draws are addressed by the update's number: it goes on counting, so no random number is used twice.
  next = writeWord(next, to.header.update - to.state.offset, loop.updates);
  await learner.writeState(next);
  before.dispose();
  run.learner = learner;
  loop.phase = 'online';
  loop.step = 0;
  loop.applied = 0;
  loop.evaluatedAt = -1;
  run.metrics = new MetricRows(run);
  applyLive(run);
  yield { kind: 'switched', kept, fresh, warmup: options.warmup };
  const isUntouched =
    options.reset === 'none' && options.shrink === 1 && fresh.every((name) => name !== 'policy' && name !== 'critic');
  if (!isUntouched || !loop.latest) return;
  // The policy is the one just measured: that evaluation ends one phase and starts the other.
  loop.latest = { ...loop.latest, at: position(run), distanceToPretrained: loop.pretrained ? 0 : null };
  loop.evaluatedAt = 0;
  yield* tell(run, loop.latest);
}

async function* evaluate(run: Run): AsyncGenerator<RunEvent> {
  const { loop, context, seed } = run;
  if (loop.evaluatedAt === loop.step) return;
  loop.evaluatedAt = loop.step;
  const { environment, neighbours } = context.prepared;
  yield* run.metrics.flush();
  const discount = Number(
    (loop.phase === 'offline' ? run.current.offline : run.current.online).params.discount ?? 0.99,
  );
  const random = { seed, name: 'evaluation', indices: [loop.phase === 'offline' ? 0 : 1, loop.step] } as const;
  const played = await playEpisodes(run.learner, environment, random, run.evaluation.episodes, discount);
  const promise = await promiseAndOutcome(run.learner, played.compared);
  loop.returns.push(...played.returns);
  loop.evaluations++;
  const event: Evaluation = {
    kind: 'evaluation',
    at: position(run),
    returns: played.returns,
    mean: average(played.returns),
    predicted: promise?.predicted ?? null,
    realised: promise?.realised ?? null,
    outsideData: neighbours ? shareOutside(neighbours, played, environment) : null,
    distanceToPretrained: loop.pretrained ? await distance(run, loop.pretrained) : null,
  };
  loop.latest = event;
  yield* tell(run, event);
}
/**
 * An evaluation, the lead seed's weights for the lenses, and a checkpoint when one is due. The point to recover from is kept before
 * the evaluation is told: then whatever has been said lies at or before a point, or is said again.
 */
async function* tell(run: Run, event: Evaluation): AsyncGenerator<RunEvent> {
  const { loop, context, recovery } = run;
  const state = context.lead || recovery ? await run.learner.readState() : null;
  if (recovery && state) recovery.point = packed(run, state, new Float32Array(0));
  yield event;
  if (context.lead && state)
    yield {
      kind: 'snapshot',
      at: position(run),
      snapshot: { layout: run.learner.plan.layout, state, phase: loop.phase },
    };
  const every = context.checkpointEvery ?? 0;
  if (every > 0 && loop.evaluations % every === 0)
    yield { kind: 'checkpoint', at: position(run), checkpoint: await save(run) };
}

async function* conclude(run: Run): AsyncGenerator<RunEvent> {
  const { loop } = run;
  yield* run.metrics.flush();
  if (loop.outcome === 'failed') {
    yield { kind: 'finished', at: position(run), digest: null, outcome: 'failed' };
    return;
  }
  const parameters = parameterBytes(run.learner.plan, await run.learner.readState());
  const digest = sha256Hex(parameters, bytesOf(Float64Array.from(loop.returns)));
  yield { kind: 'finished', at: position(run), digest, outcome: loop.outcome === 'stopped' ? 'stopped' : 'complete' };
}

// ---- changes, live values ----

/** Changes of this phase in the order in which they take effect. */
function changesOf(run: Run) {
  return run.context.control
    .changes()
    .filter(({ phase }) => phase === run.loop.phase)
    .toSorted((a, b) => a.step - b.step);
}
function* applyChanges(run: Run): Generator<RunEvent> {
  const { loop } = run;
  const changes = changesOf(run);
  for (; loop.applied < changes.length && changes[loop.applied].step <= loop.step; loop.applied++) {
    const { field, value } = changes[loop.applied];
    if (field === 'finish') {
      loop.outcome = 'stopped';
      continue;
    }
    const { spec, from } = setField(run.current, field, value);
    run.current = spec;
    applyLive(run);
    yield { kind: 'changed', at: position(run), field, from: String(from), to: String(value) };
  }
}
/** Writes every live value of the current phase to the device. */
function applyLive(run: Run): void {
  const { learner, loop, current, context } = run;
  const values: Readonly<Record<string, FieldValue>> = current[loop.phase].params;
  for (const [name, value] of Object.entries(values)) if (typeof value === 'number') learner.setScalar(name, value);
  if (loop.phase === 'offline') {
    learner.setBatchSplit((current.network as NetworkValues).batch);
    return;
  }
  const options = current.switch as SwitchValues;
  const batch = (current.network as NetworkValues).batch;
  learner.setScalar('anchor', options.anchor);
  const hasData = context.prepared.dataset !== null;
  learner.setBatchSplit(
    !hasData ? 0 : options.sampling === 'together' ? 'proportional' : Math.round(options.oldData * batch),
  );
}
/** The offline penalty shrinks evenly towards its end value; a function of the step, so chunks do not matter. */
function decayPenalty(run: Run): void {
  const { current, loop } = run;
  const { penaltyDecay } = current.switch as SwitchValues;
  const penalty = algorithms[current.online.algorithm].capabilities.penalty;
  if (penalty === undefined || penaltyDecay === 1) return;
  const progress = Math.min(1, loop.step / Math.max(1, current.online.steps));
  run.learner.setScalar(penalty, Number(current.online.params[penalty]) * (1 - (1 - penaltyDecay) * progress));
}
/** The step to run to: what was granted, but no further than the next evaluation, change or end. */
function nextStop(run: Run, granted: number, end: number, every: number): number {
  const { step, applied } = run.loop;
  const nextEvaluation = (Math.floor(step / every) + 1) * every;
  const nextChange = changesOf(run)[applied]?.step ?? Number.POSITIVE_INFINITY;
  return Math.min(step + Math.max(1, Math.floor(granted)), nextEvaluation, nextChange, end);
}
/** Offline, whether something is measured or changed at `step`. */
function isLandmark(run: Run, step: number): boolean {
  const { spec, evaluation, loop } = run;
  if (step % evaluation.offlineEvery === 0 || step === spec.offline.updates) return true;
  return changesOf(run)[loop.applied]?.step === step;
}
const isEnding = (run: Run) => run.loop.outcome !== 'running';
const position = ({ loop: { phase, step } }: Run): Position => ({ phase, step });

// ---- events ----

function* introduce(run: Run): Generator<RunEvent> {
  const { plan } = run.learner;
  yield {
    kind: 'started',
    executor: run.context.executor.id,
    reproducible: run.context.executor.reproducible,
    why: run.context.why,
    timings: run.context.timings ?? [],
    staleness: run.staleness,
    parameters: plan.parameters.reduce((sum, { shape }) => sum + shape.members * shape.rows * shape.columns, 0),
    flopsPerUpdate: plan.flops,
  };
}
function* report(run: Run): Generator<RunEvent> {
  yield { kind: 'progress', at: position(run), updates: run.loop.updates, latest: run.metrics.latest };
  if (run.metrics.rows >= rowsPerMessage) yield* run.metrics.flush();
}
function* fail(run: Run, problem: RunProblem): Generator<RunEvent> {
  run.loop.outcome = 'failed';
  yield { kind: 'problem', problem };
}

/** Collects the metrics of single updates into rows of a fixed number of steps, and watches for values that ran away. */
class MetricRows {
  readonly #run: Run;
  readonly #names: readonly string[];
  readonly #stepsPerRow: number;
  readonly #limit: number;
  readonly #ceiling: number;
  #steps: number[] = [];
  #columns: number[][];
  #sums: Float64Array;
  #count = 0;
  latest: Record<string, number> = {};

  constructor(run: Run) {
    const { learner, loop, evaluation, context, current } = run;
    this.#run = run;
    this.#names = learner.plan.metrics;
    this.#columns = this.#names.map(() => []);
    this.#sums = new Float64Array(this.#names.length);
    const every = loop.phase === 'offline' ? evaluation.offlineEvery : evaluation.onlineEvery;
    this.#stepsPerRow = Math.max(1, Math.floor(every / rowsPerEvaluation));
    this.#ceiling = context.prepared.environment.ceiling(Number(current[loop.phase].params.discount ?? 0.99));
    this.#limit = divergenceFactor * Math.max(smallestCeiling, this.#ceiling);
  }
  get rows(): number {
    return this.#steps.length;
  }
  /**
   * Takes row `row` of an updates log; the problem, if a value is not finite or Q ran away.
   *
   * @param isLastOfStep  the last update of `step`: only then can a row be whole
   */
  add(log: Float32Array, row: number, step: number, isLastOfStep: boolean): RunProblem | null {
    const { seed, loop } = this.#run;
    const at = { phase: loop.phase, step };
    for (let column = 0; column < this.#names.length; column++) {
      const value = log[row * this.#names.length + column];
      const quantity = this.#names[column];
      // A graphics device need not know infinity: what is beyond all measure has run away too.
      if (!(Math.abs(value) <= largestValue)) return { kind: 'notFinite', at, seed, quantity };
      if (quantity === 'meanQ' && Math.abs(value) > this.#limit)
        return {
          kind: 'diverged',
          at,
          seed,
          quantity: 'Q',
          value,
          ceiling: this.#ceiling,
          kept: Math.max(0, loop.evaluatedAt),
        };
      this.#sums[column] += value;
      this.latest[quantity] = value;
    }
    this.#count++;
    if (isLastOfStep && step % this.#stepsPerRow === 0) {
      this.#steps.push(step);
      this.#columns.forEach((values, column) => {
        values.push(this.#sums[column] / this.#count);
      });
      this.#sums.fill(0);
      this.#count = 0;
    }
    return null;
  }
  *flush(): Generator<RunEvent> {
    if (this.#steps.length === 0) return;
    const columns = Object.fromEntries(
      this.#names.map((name, column) => [name, Float32Array.from(this.#columns[column])]),
    );
    yield { kind: 'metrics', phase: this.#run.loop.phase, steps: Float64Array.from(this.#steps), columns };
    this.#steps = [];
    this.#columns = this.#names.map(() => []);
  }
  /** Half-filled rows, for a checkpoint. */
  save(): { sums: number[]; count: number } {
    return { sums: [...this.#sums], count: this.#count };
  }
  restore({ sums, count }: { sums: number[]; count: number }): void {
    this.#sums = Float64Array.from(sums);
    this.#count = count;
  }
}

// ---- opening, checkpoints ----

function begin(spec: RunSpec, seed: number, context: TrainContext, staleness?: number): Promise<Run> {
  if (context.checkpoint) return restore(spec, seed, context, context.checkpoint);
  const loop: Loop = {
    phase: 'offline',
    step: 0,
    updates: 0,
    evaluatedAt: -1,
    applied: 0,
    returns: [],
    latest: null,
    pretrained: null,
    replayed: 0,
    episode: null,
    evaluations: 0,
    outcome: 'running',
  };
  return openRun(spec, spec, seed, context, loop, staleness);
}
/** The executor to go on with when a device is lost: it needs none. */
const reliable = 'wasm';

async function openRun(
  spec: RunSpec,
  current: RunSpec,
  seed: number,
  context: TrainContext,
  loop: Loop,
  given?: number,
): Promise<Run> {
  // With nothing to pretrain, the first learner is the online one.
  if (loop.phase === 'offline' && spec.offline.updates === 0) loop.phase = 'online';
  const learner = await openLearner(current, seed, context, loop.phase);
  const evaluation = spec.evaluation as EvaluationValues;
  const staleness = given ?? ((spec.switch as SwitchValues).staleness || context.executor.staleness);
  const block = new Float32Array(Math.min(staleness, spec.online.steps) * context.prepared.packer.layout.stride);
  const recovery = context.executor.reproducible ? null : new Recovery();
  const run = { spec, seed, context, evaluation, current, learner, loop, staleness, block, recovery } as Run;
  run.metrics = new MetricRows(run);
  applyLive(run);
  return run;
}
async function openLearner(spec: RunSpec, seed: number, context: TrainContext, phase: Phase): Promise<Learner> {
  const { environment, dataset, packer } = context.prepared;
  try {
    return await Learner.open({
      executor: context.executor,
      programs: assemble(spec, phase, environment),
      seed,
      packer,
      data: dataset?.transitions ?? null,
      replayCapacity: phase === 'online' ? replayCapacity(spec) : 0,
    });
  } catch (error) {
    // A graphics device has limits and memory of its own: what it refuses may still fit here.
    if (error instanceof RangeError && isOnGraphicsDevice(context.executor.id)) throw new DeviceLost(error.message);
    throw error;
  }
}
const isOnGraphicsDevice = (id: ExecutorId) => id === 'webgpu' || id === 'tfjs-webgpu' || id === 'tfjs-webgl';
const replayCapacity = (spec: RunSpec) => Math.max(1, Math.min(spec.online.steps, largestReplay));

interface Saved {
  readonly seed: number;
  readonly recipe: string;
  readonly layout: string;
  readonly current: RunSpec;
  readonly loop: Omit<Loop, 'pretrained'>;
  readonly hasPretrained: boolean;
  readonly metrics: { sums: number[]; count: number };
}
/** The whole run between two updates: weights, optimiser, targets, buffer, streams, environment. */
async function save(run: Run): Promise<Uint8Array> {
  const { loop, learner } = run;
  const stored = loop.phase === 'online' ? Math.min(loop.replayed, replayCapacity(run.spec)) : 0;
  const replay = stored > 0 ? await learner.readReplay(stored) : new Float32Array(0);
  return packed(run, await learner.readState(), replay);
}
function packed(run: Run, state: Uint8Array, replay: Float32Array): Uint8Array {
  const { pretrained, ...loop } = run.loop;
  const saved: Saved = {
    seed: run.seed,
    recipe: recipeOf(run.spec),
    layout: run.learner.plan.layout,
    current: run.current,
    loop,
    hasPretrained: pretrained !== null,
    metrics: run.metrics.save(),
  };
  return pack(saved, {
    state,
    replay: bytesOf(replay),
    pretrained: bytesOf(pretrained ?? new Float32Array(0)),
  });
}
/** What a checkpoint must share with the run that goes on from it: all but the changes made since, other seeds and the executor. */
function recipeOf({ environment, dataset, network, offline, online, switch: options, evaluation }: RunSpec): string {
  return JSON.stringify([environment, dataset, network, offline, online, options, evaluation]);
}
/** @throws RangeError when the checkpoint is of another seed, another recipe or an older layout */
async function restore(
  spec: RunSpec,
  seed: number,
  context: TrainContext,
  checkpoint: Uint8Array,
  lost?: Run,
): Promise<Run> {
  const { json, blobs } = unpack(checkpoint);
  const saved = json as Saved;
  if (saved.seed !== seed) throw new RangeError(`checkpoint: expected seed ${seed}, got seed ${saved.seed}`);
  if (saved.recipe !== recipeOf(spec)) throw new RangeError('checkpoint: it belongs to another recipe');
  const loop: Loop = { ...saved.loop, pretrained: saved.hasPretrained ? floatsOf(blobs.pretrained) : null };
  const run = await openRun(spec, saved.current, seed, context, loop, lost?.staleness);
  if (run.learner.plan.layout !== saved.layout) {
    run.learner.dispose();
    throw new RangeError('checkpoint: it was written by another version of the lab');
  }
  await run.learner.writeState(blobs.state);
  const { stride } = run.learner.plan.record;
  const kept = lost?.recovery?.backTo(loop.phase === 'online' ? loop.replayed * stride : 0);
  const replay = kept ?? floatsOf(blobs.replay);
  if (replay.length > 0) await run.learner.writeReplay(replay, replay.length / stride);
  run.recovery?.keep(replay);
  run.metrics.restore(saved.metrics);
  applyLive(run);
  return run;
}

// ---- small things ----

/** Engines say it as a RangeError about memory or an allocation. */
const isOutOfMemory = (error: unknown) => error instanceof RangeError && /memory|allocat/i.test(error.message);
/** About what the dataset takes on the device, and a tenth of it as a way out. */
function outOfMemory({ prepared: { dataset, packer } }: TrainContext): RunProblem {
  const transitions = dataset?.transitions.count ?? 0;
  return {
    kind: 'outOfMemory',
    transitions,
    bytes: 4 * packer.layout.stride * transitions,
    suggested: Math.floor(transitions / 10),
  };
}

function firstStep(environment: Environment, seed: number, index: number): NonNullable<Loop['episode']> {
  const random = stream(seed, 'environment', index);
  const state = environment.reset(random);
  return { index, state, step: 0, return: 0, position: random.position };
}
/** The stream of the running episode, made once an episode. */
class EpisodeRandom {
  #index = -1;
  #stream: RandomStream | null = null;
  constructor(private readonly seed: number) {}
  /** Episode `index`'s stream, at `position`. */
  of(index: number, position: number): RandomStream {
    if (this.#stream === null || this.#index !== index) {
      this.#stream = stream(this.seed, 'environment', index);
      this.#index = index;
    }
    this.#stream.position = position;
    return this.#stream;
  }
}
/** Evenly spread states of the data. */
function distanceObservations(run: Run): Float32Array {
  const { dataset } = run.context.prepared;
  if (!dataset) return new Float32Array(0);
  const { observations, observationSize: size, count } = dataset.transitions;
  const n = Math.min(distanceStates, count);
  const into = new Float32Array(n * size);
  for (let row = 0; row < n; row++) {
    const from = Math.floor((row * count) / n) * size;
    into.set(observations.subarray(from, from + size), row * size);
  }
  return into;
}
/** Share of the visited states whose greedy action has no transition nearby. */
function shareOutside(neighbours: Neighbours, played: Episodes, { observation }: Environment): number {
  const size = observation.low.length;
  const visited = played.observations.length / size;
  const actionSize = played.actions.length / visited;
  let outside = 0;
  for (let row = 0; row < visited; row++) {
    const at = played.observations.subarray(row * size, (row + 1) * size);
    if (!neighbours.hasNeighbour(at, played.actions.subarray(row * actionSize, (row + 1) * actionSize))) outside++;
  }
  return outside / visited;
}
/** Mean Euclidean distance of today's actions from π₀'s; for discrete actions the share that differs. */
async function distance(run: Run, pretrained: Float32Array): Promise<number> {
  const actions = await run.learner.greedy(distanceObservations(run));
  const size = run.learner.actionSize;
  const isDiscrete = run.context.prepared.environment.action.kind === 'discrete';
  let sum = 0;
  for (let row = 0; row < actions.length / size; row++) {
    let squares = 0;
    for (let part = 0; part < size; part++) {
      const difference = actions[row * size + part] - pretrained[row * size + part];
      squares += difference * difference;
    }
    sum += isDiscrete ? (squares > 0 ? 1 : 0) : Math.sqrt(squares);
  }
  return sum / Math.max(1, actions.length / size);
}
const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const bytesOf = (array: Float32Array | Float64Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const floatsOf = (bytes: Uint8Array) => new Float32Array(bytes.slice().buffer);
