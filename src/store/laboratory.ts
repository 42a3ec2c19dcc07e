/**
 * The commands of the page: what Run, Pause, an edit or a link do to workers and store (product.md §4). The only place that
 * knows both. Decides nothing a run computes: specs go out, events come back.
 */
import { type PoolMessage, poolSize, TrainerPool, Viewer, type WorkerLike } from '../../workers/client';
import type { ToTrainer, ToViewer } from '../../workers/protocol';
import type { FieldValue } from '../schema/field';
import { differences, getField, setField, specFields } from '../spec/fields';
import { presetById } from '../spec/presets';
import type { RunProblem } from '../spec/problems';
import type { RunSpec } from '../spec/runSpec';
import { nextSeeds, withSeedCount } from '../spec/seeds';
import { HiddenTab, type Visibility } from './hiddenTab';
import { RateMeter } from './rate';
import type { NewRun, RunStatus, RunView } from './runsSlice';
import type { RunStorage } from './storage';
import type { LabStore } from './store';
import { type SweepScale, sweepSpecs } from './sweep';

export interface Surroundings {
  readonly createTrainer: () => WorkerLike<ToTrainer>;
  readonly createViewer: () => WorkerLike<ToViewer>;
  readonly cores: number;
  readonly phone: boolean;
  /** Rejects where storage is refused: the lab goes on without. */
  readonly storage: Promise<RunStorage>;
  readonly newId: () => string;
  readonly visibility: Visibility;
}

/** What to sweep: the values in ascending order, how they are spaced, how many seeds each gets, and what its run is called. */
export interface SweepOrder {
  readonly path: string;
  readonly values: readonly number[];
  readonly scale: SweepScale;
  readonly seeds: number;
  readonly nameOf: (value: number) => string;
}

/** What the workers said reaches the store, and React, at most about eight times a second. */
const flushMilliseconds = 120;
/** A recipe that is still being edited is not prepared for looking yet. */
const stageMilliseconds = 350;
/** Maps are refreshed at most four times a second. */
const mapMilliseconds = 250;

export class Laboratory {
  private readonly pool: TrainerPool;
  private readonly viewer: Viewer;
  private readonly hiddenTab: HiddenTab;
  private readonly rate = new RateMeter();
  /** Runs the pool is still training. */
  private readonly going = new Set<string>();
  private heard: PoolMessage[] = [];
  private flushTimer: ReturnType<typeof setTimeout> | null = null;
  private stageTimer: ReturnType<typeof setTimeout> | null = null;
  private stageKey = '';
  private stageWorld = '';
  /** The snapshot last sent for a map; one at a time, the newest next. */
  private drawn: unknown = null;
  private drawing = false;
  private episodeSeed = 0;
  private playing = false;
  private refused = false;

  constructor(
    readonly store: LabStore,
    private readonly surroundings: Surroundings,
  ) {
    const { createTrainer, createViewer, cores, phone, visibility } = surroundings;
    this.hiddenTab = new HiddenTab(visibility);
    this.pool = new TrainerPool({
      createWorker: createTrainer,
      size: poolSize(cores, phone),
      tell: (message) => this.hear(message),
    });
    this.viewer = new Viewer({
      createWorker: createViewer,
      onPreparing: (what, done, of) => this.store.getState().stagePreparing(what, done, of),
    });
    void this.restore();
    this.openStage(0);
  }

  /** The run the transport steers, while the recipe still is its own. */
  get current(): RunView | null {
    return currentRun(this.store.getState());
  }

  /** Of the runs the transport steers: of all of them where they are a sweep. */
  private get status(): RunStatus | null {
    return statusOf(currentRuns(this.store.getState()));
  }

  /** Run, resume, run again, run as new: whatever Run means now. */
  run(): void {
    const { status } = this;
    if (status === 'paused') {
      for (const { id, status: own } of currentRuns(this.store.getState()))
        if (own === 'paused') this.store.getState().runResumed(id);
      this.hiddenTab.begin();
      this.pool.resume();
    } else if (status !== 'running') {
      this.begin(true);
    }
  }

  /** Whatever trains, also where the recipe has been edited meanwhile. */
  pause(): void {
    if (!isTraining(this.store.getState())) return;
    this.markPaused();
    this.pool.pause();
  }

  /** The space bar. */
  runOrPause(): void {
    if (this.status === 'running') this.pause();
    else this.run();
  }

  /** The recipe as its knobs stand, with so many seeds, as a new run. */
  runSeeds(count: number): void {
    const { recipe } = this.store.getState();
    const knobs = knobsOf(recipe, this.current);
    this.replaceRecipe({ ...knobs, seeds: withSeedCount(knobs.seeds, count) });
    this.begin(true);
  }

  /** One knob of the recipe, as its knobs stand, at several values: a run each, all steered as one. */
  sweep({ path, values, scale, seeds, nameOf: name }: SweepOrder): void {
    const { recipe: before } = this.store.getState();
    const recipe = knobsOf(before, this.current);
    this.stop();
    this.replaceRecipe(recipe);
    const id = this.surroundings.newId();
    const specs = sweepSpecs(recipe, path, values, seeds);
    const place = { id, path, of: values.length, scale, recipe };
    this.launch(
      values.map((value, index) => ({
        id: this.surroundings.newId(),
        name: name(value),
        spec: specs[index],
        sweep: { ...place, value, index },
      })),
      true,
    );
  }

  /** Looks at one run of a sweep: its line stands out, and where the sweep is the current one the map is its. */
  pickRun(id: string | null): void {
    const { runPicked, mapDrawn, episodePlayed } = this.store.getState();
    runPicked(id);
    const isCurrent = currentRuns(this.store.getState()).some((run) => run.id === id);
    if (!isCurrent || id === this.store.getState().currentId) return;
    this.store.setState({ currentId: id });
    mapDrawn(null);
    episodePlayed(null);
    void this.drawMap();
  }

  /** Lead seed only; pauses first. */
  step(toEvaluation: boolean): void {
    const { status } = this;
    if (status === 'running') this.markPaused();
    else if (status !== 'paused') this.begin(false);
    this.hiddenTab.rest();
    this.pool.step(toEvaluation);
  }

  setSpeed(updatesPerSecond: number): void {
    this.store.getState().speedChosen(updatesPerSecond);
    this.pool.setSpeed(updatesPerSecond);
  }

  /** Back to step 0: same seeds, same initial weights. Knobs stay where they are now and become start values. */
  reset(): void {
    const { current } = this;
    if (!current) return;
    this.stop();
    this.store.getState().recipeReplaced(knobsOf(startedFrom(current), current));
  }

  /** Ends the run where it stands; its curves stay in the table and the recipe is ready for another. */
  end(): void {
    this.stop();
  }

  /** As many seeds again, unused before; goes on as a new run where one was going. */
  newSeeds(): void {
    const { recipe, recipeReplaced } = this.store.getState();
    const { current } = this;
    const wasRunning = current?.status === 'running' && current.sweep === null;
    this.stop();
    recipeReplaced({ ...knobsOf(recipe, current), seeds: nextSeeds(recipe.seeds) });
    if (wasRunning) this.run();
  }

  /** Ends and measures; the end is stored as a change, so the link repeats it. */
  async finishNow(): Promise<void> {
    const { current } = this;
    if (current && !current.sweep) await this.changeLive(current, null, 'finish', true);
  }

  /**
   * Moves one knob. Where it can be moved live in the current run, every seed takes it at one exact step; otherwise the run is
   * left as it is and the recipe is a new one.
   */
  async edit(path: string, value: FieldValue): Promise<void> {
    const state = this.store.getState();
    const { current } = this;
    const knobs = knobsOf(state.recipe, current);
    const { spec, problems } = setField(current ? knobs : state.recipe, path, value);
    const settled = getField(spec, path);
    if (settled === undefined || settled === getField(knobs, path)) {
      state.problemsFound(problems);
      return;
    }
    const field = specFields(knobs).find((candidate) => candidate.path === path)?.field;
    if (current && !current.sweep && field?.live && (current.status === 'running' || current.status === 'paused')) {
      const phase = path.startsWith('offline.') ? 'offline' : 'online';
      if (await this.changeLive(current, phase, path, settled)) {
        state.problemsFound(problems);
        return;
      }
    }
    state.problemsFound(problems);
    this.replaceRecipe(spec);
  }

  /** Another recipe as a whole; the run that is going is not touched until the next Run. */
  replaceRecipe(recipe: RunSpec, shared: { readonly digest: string } | null = null): void {
    this.store.getState().recipeReplaced(recipe, shared);
    this.openStage(stageMilliseconds);
  }

  pickPreset(id: string): void {
    const preset = presetById(id);
    if (!preset) return;
    this.store.getState().messagesCleared(null);
    this.replaceRecipe(preset.spec);
  }

  /** Forgets the edits made since the current run was started. */
  undoEdit(): void {
    const { runs, currentId } = this.store.getState();
    const run = currentId === null ? undefined : runs[currentId];
    if (run) this.replaceRecipe(startedFrom(run));
  }

  /** Puts a run's recipe, with its changes, back into the sentence. */
  takeRecipe(id: string): void {
    const run = this.store.getState().runs[id];
    if (run) this.replaceRecipe(run.spec);
  }

  restartSeed(runId: string, seed: number): void {
    if (!currentRuns(this.store.getState()).some(({ id }) => id === runId)) return;
    this.store.getState().runResumed(runId);
    this.hiddenTab.begin();
    this.pool.restart(runId, seed);
  }

  /** One run, or all of a sweep. What is still training ends first, with all that belongs to it. */
  deleteRuns(ids: readonly string[]): void {
    if (ids.some((id) => this.going.has(id))) this.stop();
    for (const id of ids) {
      this.store.getState().runDeleted(id);
      void this.withStorage((storage) => storage.remove(id));
    }
  }

  undeleteRuns(runs: readonly RunView[]): void {
    for (const run of runs) {
      const restored: RunView = run.status === 'finished' ? run : { ...run, status: 'stopped' };
      this.store.getState().runUndeleted(restored);
      void this.withStorage((storage) => storage.save(restored));
    }
  }

  /** Another viewing episode of the newest policy; `start` is a place on the plane. */
  async playEpisode(start?: readonly [number, number]): Promise<void> {
    const snapshot = this.current?.snapshot;
    if (this.playing || !snapshot || !this.store.getState().stage) return;
    this.playing = true;
    try {
      const episode = await this.viewer.episode(snapshot.snapshot, snapshot.at, this.episodeSeed++, start);
      if (episode) this.store.getState().episodePlayed(episode);
    } catch (error) {
      this.store.getState().stageFailed(messageOf(error));
    } finally {
      this.playing = false;
    }
  }

  /** Ends every worker and timer. */
  dispose(): void {
    this.pool.dispose();
    this.viewer.close();
    this.hiddenTab.dispose();
    for (const timer of [this.flushTimer, this.stageTimer]) if (timer !== null) clearTimeout(timer);
  }

  private begin(going: boolean): void {
    this.stop();
    const { recipe } = this.store.getState();
    this.launch([{ id: this.surroundings.newId(), name: nameOf(recipe), spec: recipe, sweep: null }], going);
  }

  private launch(runs: readonly NewRun[], isGoing: boolean): void {
    const { runsStarted, mapDrawn, episodePlayed, shared } = this.store.getState();
    runsStarted(runs, !isGoing);
    mapDrawn(null);
    episodePlayed(null);
    this.rate.clear();
    if (isGoing) this.hiddenTab.begin();
    const isCompared = shared !== null;
    this.pool.start(
      runs.map(({ id, spec }) => ({ runId: id, spec, isCompared })),
      isGoing,
    );
  }

  private markPaused(): void {
    const { runs, currentId, runPaused } = this.store.getState();
    for (const { id, status } of siblingsOf(runs, currentId)) if (status === 'running') runPaused(id);
    this.hiddenTab.rest();
    this.rate.rest();
  }

  /** Ends the current run, whatever the recipe says; a finished one just stops being current. */
  private stop(): void {
    this.flush();
    const { currentId, runs, runStopped, messagesCleared } = this.store.getState();
    this.hiddenTab.rest();
    this.pool.end();
    for (const { id } of siblingsOf(runs, currentId)) messagesCleared(id);
    for (const id of this.going) {
      runStopped(id);
      this.save(id);
    }
    this.going.clear();
    this.store.setState({ currentId: null });
  }

  private async changeLive(
    run: RunView,
    phase: 'offline' | 'online' | null,
    field: string,
    value: FieldValue,
  ): Promise<boolean> {
    const change = await this.pool.change(phase, field, value);
    const now = this.store.getState().runs[run.id];
    if (!change || !now) return false;
    const spec: RunSpec = { ...now.spec, changes: [...now.spec.changes, change] };
    this.store.getState().specChanged(run.id, spec);
    // What a link promised was of the run without this change.
    this.store.getState().recipeReplaced(spec);
    return true;
  }

  private hear(message: PoolMessage): void {
    this.heard.push(message);
    const minutes = this.hiddenTab.heard();
    if (minutes !== null) this.sayPaused(message.runId, minutes);
    if (message.kind === 'event' && message.event.kind === 'progress') {
      const now = this.surroundings.visibility.now();
      this.rate.note(`${message.runId} ${message.seed}`, message.event.updates, now);
    } else if (message.kind === 'seedQueued') {
      this.going.add(message.runId);
    } else if (message.kind === 'runEnded') {
      this.going.delete(message.runId);
      if (this.going.size === 0) this.hiddenTab.rest();
    }
    // What answers a person's own action is shown at once.
    if (message.kind === 'seedHeld') this.flush();
    else this.flushTimer ??= setTimeout(() => this.flush(), flushMilliseconds);
  }

  /** The browser had stopped the hidden tab: where the lead seed stood is where it goes on. */
  private sayPaused(runId: string, minutes: number): void {
    const { runs, problemsFound } = this.store.getState();
    const run = runs[runId];
    const at = run?.seeds.find(({ state, at: place }) => state !== 'ended' && place)?.at;
    if (!at) return;
    const of = at.phase === 'offline' ? run.spec.offline.updates : run.spec.online.steps;
    problemsFound([{ kind: 'hiddenTabPaused', at, of, minutes }], runId);
  }

  private flush(): void {
    if (this.flushTimer !== null) clearTimeout(this.flushTimer);
    this.flushTimer = null;
    const messages = this.heard;
    if (messages.length === 0) return;
    this.heard = [];
    const { workersSaid, problemsFound } = this.store.getState();
    workersSaid(messages);
    this.noteRate();
    for (const message of messages) {
      if (message.kind === 'seedFailed') problemsFound([message.problem], message.runId);
      else if (message.kind === 'event' && message.event.kind === 'problem')
        this.sayProblem(message.event.problem, message.runId);
      else if (message.kind === 'runEnded') this.save(message.runId);
    }
    void this.drawMap();
  }

  /** What befell the machine befell every seed that trains on it: said once. */
  private sayProblem(problem: RunProblem, runId: string): void {
    const { messages, runs, problemsFound } = this.store.getState();
    const together = siblingsOf(runs, runId).map(({ id }) => id);
    const isSaid = messages.some(
      ({ runId: about, problems }) =>
        about !== null && together.includes(about) && problems.some(({ kind }) => kind === problem.kind),
    );
    const isOfMachine = problem.kind === 'deviceLost' || problem.kind === 'executorUnavailable';
    if (!(isOfMachine && isSaid)) problemsFound([problem], runId);
  }

  private noteRate(): void {
    const { updatesPerSecond } = this.rate;
    const ids = currentRuns(this.store.getState()).map(({ id }) => id);
    if (updatesPerSecond !== null && ids.length > 0) this.store.getState().rateMeasured(ids, updatesPerSecond);
  }

  /** Opens the recipe for looking where its world, data or programs are others than those on stage. */
  private openStage(delay: number): void {
    const { recipe } = this.store.getState();
    const key = stageKeyOf(recipe);
    if (key === this.stageKey) return;
    this.stageKey = key;
    if (this.stageTimer !== null) clearTimeout(this.stageTimer);
    const world = JSON.stringify(recipe.environment);
    this.store.getState().stageOpening(world === this.stageWorld);
    this.stageWorld = world;
    this.stageTimer = setTimeout(async () => {
      this.stageTimer = null;
      try {
        const stage = await this.viewer.open(recipe);
        if (!stage || this.stageKey !== key) return;
        this.store.getState().stageOpened(stage);
        this.drawn = null;
        void this.drawMap();
      } catch (error) {
        if (this.stageKey === key) this.store.getState().stageFailed(messageOf(error));
      }
    }, delay);
  }

  private async drawMap(): Promise<void> {
    const snapshot = this.current?.snapshot;
    const { stage } = this.store.getState();
    if (this.drawing || !stage || this.stageTimer !== null || !snapshot || snapshot === this.drawn) return;
    this.drawing = true;
    this.drawn = snapshot;
    try {
      const map = await this.viewer.map(snapshot.snapshot, snapshot.at);
      if (map && this.current?.snapshot) this.store.getState().mapDrawn(map);
      if (!this.store.getState().episode) void this.playEpisode();
    } catch (error) {
      this.store.getState().stageFailed(messageOf(error));
    }
    setTimeout(() => {
      this.drawing = false;
      void this.drawMap();
    }, mapMilliseconds);
  }

  private async restore(): Promise<void> {
    await this.withStorage(async (storage) => this.store.getState().runsRestored(await storage.load()));
  }

  private save(id: string): void {
    const run = this.store.getState().runs[id];
    if (run) void this.withStorage((storage) => storage.save(run));
  }

  private async withStorage(use: (storage: RunStorage) => Promise<unknown>): Promise<void> {
    try {
      await use(await this.surroundings.storage);
    } catch {
      // Said once: every later run would only repeat it.
      if (!this.refused) this.store.getState().problemsFound([{ kind: 'storageRefused' }]);
      this.refused = true;
    }
  }
}

interface Steered {
  readonly recipe: RunSpec;
  readonly runs: Readonly<Record<string, RunView>>;
  readonly currentId: string | null;
}
/** The run the transport steers; null where there is none or the recipe has become another. */
export function currentRun(state: Steered): RunView | null {
  const run = state.currentId === null ? undefined : state.runs[state.currentId];
  return run && sameSpec(startedFrom(run), state.recipe) ? run : null;
}
/** All runs the transport steers: the current one, with the rest of its sweep in the order of values. */
export function currentRuns(state: Steered): readonly RunView[] {
  return currentRun(state) ? siblingsOf(state.runs, state.currentId) : [];
}
function siblingsOf(runs: Steered['runs'], id: string | null): readonly RunView[] {
  const run = id === null ? undefined : runs[id];
  if (!run) return [];
  return run.sweep ? runsOfSweep(runs, run.sweep.id) : [run];
}
/** In the order of values. */
export function runsOfSweep(runs: Steered['runs'], sweepId: string): readonly RunView[] {
  return Object.values(runs)
    .filter(({ sweep }) => sweep?.id === sweepId)
    .sort((a, b) => (a.sweep?.index ?? 0) - (b.sweep?.index ?? 0));
}
/** Of several runs steered as one: going as long as one of them is. Null for none. */
export function statusOf(runs: readonly RunView[]): RunStatus | null {
  const statuses = runs.map(({ status }) => status);
  return (['running', 'paused', 'finished', 'stopped'] as const).find((status) => statuses.includes(status)) ?? null;
}
/** Whether anything trains, the recipe's own run or one that was started before an edit. */
export function isTraining({ runs, currentId }: Pick<Steered, 'runs' | 'currentId'>): boolean {
  return statusOf(siblingsOf(runs, currentId)) === 'running';
}
/** The recipe a run belongs to: its own, or the one its sweep was made of. */
export function startedFrom(run: RunView): RunSpec {
  return run.sweep ? run.sweep.recipe : run.spec;
}

const texts = new WeakMap<RunSpec, string>();
function textOf(spec: RunSpec): string {
  const known = texts.get(spec);
  if (known !== undefined) return known;
  const text = JSON.stringify(spec, (_, value: unknown) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  texts.set(spec, text);
  return text;
}
export function sameSpec(a: RunSpec, b: RunSpec): boolean {
  return a === b || textOf(a) === textOf(b);
}

/**
 * The recipe as its knobs stand now, with no change on record. A change that the run brought with it counts once the furthest
 * seed has passed it, one made here at once; without a run the start values stand.
 */
export function knobsOf(recipe: RunSpec, run: RunView | null): RunSpec {
  if (recipe.changes.length === 0) return recipe;
  let now: RunSpec = { ...recipe, changes: [] };
  if (!run) return now;
  for (const [i, { phase, step, field, value }] of recipe.changes.entries()) {
    const passed = run.seeds.some(({ at }) => at && (at.phase === phase ? at.step >= step : at.phase === 'online'));
    if (field !== 'finish' && (passed || i >= run.broughtChanges)) now = setField(now, field, value).spec;
  }
  return now;
}

/** "Stitching · expectile 0.7 · share of old data 0": the preset and what differs from it. */
export function nameOf(spec: RunSpec): string {
  const preset = presetById(spec.preset);
  if (!preset) return spec.preset;
  const others = settingsOf(spec);
  const shown = others.length > 3 ? [...others.slice(0, 2), `${others.length - 2} more`] : others;
  return [preset.name, ...shown].join(' · ');
}

/** What differs from the preset, one setting each: "expectile 0.7". */
export function settingsOf(spec: RunSpec): readonly string[] {
  const preset = presetById(spec.preset);
  if (!preset) return [];
  return differences(preset.spec, spec).map(({ label, to }) => `${lowerFirst(label)} ${to ?? 'default'}`);
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** What decides the stage and the networks behind its maps. Of the live knobs only the discount does, through the ceiling. */
/** What a view is made of. Start values of knobs belong to it: a program with others does not read this one's weights. */
function stageKeyOf({ environment, dataset, network, offline, online, switch: { anchorKind } }: RunSpec): string {
  const learner = ({ algorithm, params }: RunSpec['offline'] | RunSpec['online']) => [algorithm, params];
  return JSON.stringify([
    environment,
    dataset,
    network,
    learner(offline),
    learner(online),
    anchorKind,
    offline.updates > 0,
  ]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
