/** What there is to say about a dataset, in numbers: the data card. */
import type { Environment } from '../environments/environment';
import { normalise } from '../environments/references';
import { sha256Hex } from '../numeric/digest';
import { numberText } from '../schema/fields';
import { actionDirections, planeCells } from './planeCells';
import type { DataCard, References, Transitions } from './transitions';

/**
 * Undiscounted return of every complete episode, in reward units, summed in float64.
 *
 * A last episode that the recording cut short has no return to speak of and is left out, unless there is no other.
 *
 * @param maxSteps  the environment's step limit: a truncated last episode shorter than it was cut short
 */
export function episodeReturns(transitions: Transitions, maxSteps: number): number[] {
  const { episodeStart, rewards, terminated, count } = transitions;
  const returns: number[] = [];
  for (let episode = 0; episode < episodeStart.length; episode++) {
    const end = episode + 1 < episodeStart.length ? episodeStart[episode + 1] : count;
    const isLast = end === count;
    const cutShort = isLast && !terminated[end - 1] && end - episodeStart[episode] < maxSteps;
    if (cutShort && returns.length > 0) break;
    let sum = 0;
    for (let row = episodeStart[episode]; row < end; row++) sum += rewards[row];
    returns.push(sum);
  }
  return returns;
}

/** Shares of the map that the data have seen, in [0, 1]: cells a state can be in, and pairs of such a cell and a way to act there. */
export function coverageOf(transitions: Transitions, environment: Environment): DataCard['coverage'] {
  const cells = planeCells(environment);
  const directions = actionDirections(environment);
  const seenCells = new Set<number>();
  const seenPairs = new Set<number>();
  for (let row = 0; row < transitions.count; row++) {
    const cell = cells.cellOf(transitions.observations, row * transitions.observationSize);
    if (!cells.reachable.has(cell)) continue; // a cell whose middle is wall is not on the map
    seenCells.add(cell);
    const direction = directions.directionOf(transitions.actions, row * transitions.actionSize);
    if (direction !== null) seenPairs.add(cell * directions.count + direction);
  }
  const reachable = cells.reachable.size;
  return { cells: seenCells.size / reachable, cellActions: seenPairs.size / (reachable * directions.count) };
}

/** SHA-256 over sizes and arrays, hex. Two datasets with the same digest train the same networks. */
export function digestOf(transitions: Transitions): string {
  const { count, observationSize, actionSize, episodeStart } = transitions;
  const sizes = Uint32Array.of(count, observationSize, actionSize, episodeStart.length);
  const arrays = [
    sizes,
    transitions.observations,
    transitions.actions,
    transitions.rewards,
    transitions.nextObservations,
    transitions.terminated,
    transitions.truncated,
    episodeStart,
  ];
  return sha256Hex(
    ...arrays.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  );
}

export interface CardSource {
  readonly transitions: Transitions;
  readonly environment: Environment;
  /** As the sentence says it: "U-maze". */
  readonly environmentName: string;
  /** The recipe's id, or "file". */
  readonly recipe: string;
  readonly seed: number;
  /** Who made the data, after "made by". */
  readonly by: string;
  readonly references: References;
}

/** @throws RangeError for a dataset without rows, about which nothing can be said */
export function dataCard(source: CardSource): DataCard {
  const { transitions, environment, recipe, seed, references } = source;
  if (transitions.count === 0) throw new RangeError('a data card needs at least one transition');
  const episodes = transitions.episodeStart.length;
  const returns = episodeReturns(transitions, environment.maxSteps);
  let sum = 0;
  for (const value of returns) sum += value;
  const meanReturn = sum / returns.length;
  return {
    recipe,
    sentence:
      `${numberText(transitions.count)} transitions of ${source.environmentName} in ${numberText(episodes)} ` +
      `${episodes === 1 ? 'episode' : 'episodes'}, made by ${source.by}; seed ${seed}.`,
    seed,
    count: transitions.count,
    episodes,
    meanReturn,
    normalised: normalise(meanReturn, references),
    bestReturn: returns.reduce((best, value) => Math.max(best, value)),
    returns,
    references,
    coverage: coverageOf(transitions, environment),
    digest: digestOf(transitions),
  };
}
