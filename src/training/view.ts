/**
 * A recipe opened for looking: its stage, maps of what a snapshot believes, episodes to watch. It has sessions and random
 * streams of its own, so nothing here changes a bit of training.
 */

import { algorithms } from '../algorithms/registry';
import type { Executor } from '../compute/executor';
import { actionScaling } from '../datasets/records';
import type { Transitions } from '../datasets/transitions';
import type { Environment, State } from '../environments/environment';
import { environments } from '../environments/registry';
import type { Position, Snapshot } from '../metrics/events';
import type { EpisodeFrame, Stage, View, ViewEpisode, ViewMap } from '../metrics/view';
import { stream } from '../numeric/random';
import type { Phase, RunSpec } from '../spec/runSpec';
import { assemble } from './assemble';
import { Learner } from './learner';
import { type Prepared, prepare } from './prepare';

const mostDots = 1500;
const shownTrajectories = 8;
/** Episodes that measure the scale of a gap in Q. */
const spanEpisodes = 30;

/** Prepares the recipe and opens it. `report` hears the progress of the preparation. */
export async function openView(
  spec: RunSpec,
  executor: Executor,
  report: (what: string, done: number, of: number) => void,
): Promise<View> {
  const making = prepare(spec);
  let piece = making.next();
  while (!piece.done) {
    if (piece.value.kind === 'preparing') report(piece.value.what, piece.value.done, piece.value.of);
    piece = making.next();
  }
  const prepared = piece.value;
  const learners: Partial<Record<Phase, Learner>> = {};
  /** The learner that reads this snapshot, its weights in place. */
  async function learnerOf({ phase, layout, state }: Snapshot): Promise<Learner> {
    learners[phase] ??= await Learner.open({
      executor,
      programs: assemble(spec, phase, prepared.environment),
      seed: 0,
      packer: prepared.packer,
      data: null,
      replayCapacity: 0,
    });
    const learner = learners[phase];
    if (learner.plan.layout !== layout)
      throw new RangeError('snapshot: it belongs to other networks than this recipe’s');
    await learner.writeState(state);
    return learner;
  }
  return {
    stage: stageOf(spec, prepared),
    map: async (snapshot, at) => mapOf(await learnerOf(snapshot), prepared, at),
    episode: async (snapshot, at, seed, start) =>
      episodeOf(await learnerOf(snapshot), prepared.environment, at, seed, start),
    dispose: () => {
      for (const learner of Object.values(learners)) learner.dispose();
    },
  };
}

function stageOf(spec: RunSpec, { environment, references, dataset }: Prepared): Stage {
  const definition = environments[spec.environment.id];
  const { plane, scene } = environment;
  const { discount } = spec.offline.updates > 0 ? spec.offline.params : spec.online.params;
  const gamma = typeof discount === 'number' ? discount : 0.99;
  const algorithm = algorithms[spec.offline.updates > 0 ? spec.offline.algorithm : spec.online.algorithm];
  return {
    environmentName: definition.nameOf(spec.environment.params),
    returnUnit: definition.returnUnit(spec.environment.params),
    references,
    ceiling: environment.ceiling(gamma),
    discountedSpan: Math.abs(
      discountedMean(environment, gamma, 'reference') - discountedMean(environment, gamma, 'random'),
    ),
    card: dataset?.card ?? null,
    planeKind: plane.kind,
    x: plane.x,
    y: plane.y,
    still: scene.still,
    bounds: scene.bounds,
    dots: dataset ? dotsOf(environment, dataset.transitions) : new Float32Array(0),
    trajectories: dataset ? trajectoriesOf(environment, dataset.transitions) : [],
    ground: !algorithm.capabilities.critic ? null : algorithm.capabilities.stateValue ? 'value' : 'actionValue',
  };
}
/** Mean discounted return of the random or the reference policy over whole episodes. */
function discountedMean(environment: Environment, discount: number, who: 'random' | 'reference'): number {
  const { action } = environment;
  let sum = 0;
  for (let episode = 0; episode < spanEpisodes; episode++) {
    const random = stream(0, 'audit', who === 'random' ? 0 : 1, episode);
    let state = environment.reset(random);
    let weight = 1;
    for (let step = 0; step < environment.maxSteps; step++) {
      const chosen =
        who === 'reference'
          ? environment.reference.act(state)
          : action.kind === 'discrete'
            ? [random.index(action.names.length)]
            : action.low.map((low, part) => random.uniform(low, action.high[part]));
      const outcome = environment.step(state, chosen, random);
      sum += weight * outcome.reward;
      weight *= discount;
      state = outcome.state;
      if (outcome.terminated) break;
    }
  }
  return sum / spanEpisodes;
}
function dotsOf({ plane }: Environment, { observations, observationSize, count }: Transitions): Float32Array {
  const n = Math.min(mostDots, count);
  const dots = new Float32Array(2 * n);
  for (let dot = 0; dot < n; dot++)
    dots.set(plane.locate(observations, Math.floor((dot * count) / n) * observationSize), 2 * dot);
  return dots;
}
function trajectoriesOf(
  { plane }: Environment,
  { observations, observationSize, count, episodeStart }: Transitions,
): Float32Array[] {
  const n = Math.min(shownTrajectories, episodeStart.length);
  return Array.from({ length: n }, (_, i) => {
    const episode = Math.floor((i * episodeStart.length) / n);
    const [first, end] = [episodeStart[episode], episodeStart[episode + 1] ?? count];
    const points = new Float32Array(2 * (end - first));
    for (let row = first; row < end; row++)
      points.set(plane.locate(observations, row * observationSize), 2 * (row - first));
    return points;
  });
}

async function mapOf(learner: Learner, { environment, neighbours }: Prepared, at: Position): Promise<ViewMap> {
  const { plane } = environment;
  const [columns, rows] = plane.grid;
  const size = environment.observation.low.length;
  const cells: number[] = [];
  const states: State[] = [];
  for (let cell = 0; cell < rows * columns; cell++) {
    const x = plane.x.min + (((cell % columns) + 0.5) / columns) * (plane.x.max - plane.x.min);
    const y = plane.y.min + ((Math.floor(cell / columns) + 0.5) / rows) * (plane.y.max - plane.y.min);
    const state = plane.stateAt(x, y);
    if (state === null) continue;
    cells.push(cell);
    states.push(state);
  }
  const observations = new Float32Array(states.length * size);
  states.forEach((state, row) => {
    environment.observe(state, observations, row * size);
  });
  const { actions, values } = await learner.judge(observations);
  const map = {
    values: new Float32Array(rows * columns).fill(Number.NaN),
    arrows: new Float32Array(2 * rows * columns).fill(Number.NaN),
    outside: new Uint8Array(rows * columns),
  };
  const { actionSize } = learner;
  cells.forEach((cell, row) => {
    const action = actions.subarray(row * actionSize, (row + 1) * actionSize);
    if (values) map.values[cell] = values[row];
    map.arrows.set(plane.arrow(action), 2 * cell);
    if (neighbours && !neighbours.hasNeighbour(observations.subarray(row * size, (row + 1) * size), action))
      map.outside[cell] = 1;
  });
  return { at, grid: plane.grid, ...map };
}

async function episodeOf(
  learner: Learner,
  environment: Environment,
  at: Position,
  seed: number,
  start?: readonly [number, number],
): Promise<ViewEpisode> {
  const random = stream(seed, 'viewing');
  const drawn = environment.reset(random);
  let state = (start && environment.plane.stateAt(start[0], start[1])) ?? drawn;
  const frames: EpisodeFrame[] = [];
  const rest = actionScaling(environment.action).centre;
  let action: ArrayLike<number> = rest;
  let returnSoFar = 0;
  let isOver = false;
  for (let step = 0; step <= environment.maxSteps; step++) {
    const observation = new Float32Array(environment.observation.low.length);
    environment.observe(state, observation, 0);
    const judged = await learner.judge(observation);
    frames.push({
      shapes: environment.scene.moving(state, Array.from(action)),
      at: environment.plane.project(state),
      returnSoFar,
      value: judged.values?.[0] ?? null,
    });
    if (isOver) break;
    action = judged.actions;
    const outcome = environment.step(state, action, random);
    state = outcome.state;
    returnSoFar += outcome.reward;
    isOver = outcome.terminated;
  }
  return { at, exploring: false, frames };
}
