/**
 * The presets, as data: each is a list of settings over the plain spec, what to look at, and the belief it cures.
 *
 * Paired presets differ in exactly one setting (a test counts). Settings are applied in order through `setField`, so a preset
 * names only what is its own. Links refer to presets by id: never reuse or rename one.
 */
import { algorithms } from '../algorithms/registry';
import { recipes } from '../datasets/registry';
import { environments } from '../environments/registry';
import type { FieldValue } from '../schema/field';
import { defaultsOf } from '../schema/fields';
import { setField } from './edit';
import { repairSpec } from './repair';
import { evaluationSchema, networkSchema, runSchema, switchSchema } from './runFields';
import type { RunSpec } from './runSpec';
import { withSeedCount } from './seeds';

export type Setting = readonly [path: string, value: FieldValue];

export interface PresetDefinition {
  readonly id: string;
  readonly name: string;
  /** What to see, one or two sentences; numbers are measured over five seeds. */
  readonly see: string;
  /** The belief it cures, to follow "Cures the belief that". */
  readonly cures: string;
  /** The preset to compare with. */
  readonly partner?: string;
  /** What to try after a run: one click each. */
  readonly next: readonly { readonly label: string; readonly set: Setting }[];
  readonly settings: readonly Setting[];
}
export interface Preset extends PresetDefinition {
  readonly spec: RunSpec;
}

const shortHops: readonly Setting[] = [
  ['environment.id', 'pointMaze'],
  ['environment.params.map', 'umaze'],
  ['environment.params.reward', 'sparse'],
  ['environment.params.actionRepeat', 5],
  ['dataset.recipe', 'stitch'],
  ['dataset.params.transitions', 20_000],
  ['offline.updates', 4000],
];
const narrowExpert: readonly Setting[] = [
  ['environment.id', 'pointMaze'],
  ['environment.params.map', 'umaze'],
  ['environment.params.reward', 'sparse'],
  ['environment.params.actionRepeat', 5],
  ['dataset.recipe', 'expert'],
  ['dataset.params.transitions', 5000],
  ['offline.algorithm', 'td3bc'],
  ['online.algorithm', 'td3bc'],
  ['offline.params.targetRate', 0.02],
  ['offline.updates', 10_000],
  ['online.steps', 5000],
];
const droppedCaution: readonly Setting[] = [
  ['environment.id', 'pendulum'],
  ['dataset.recipe', 'medium-replay'],
  ['dataset.params.transitions', 10_000],
  ['offline.algorithm', 'td3bc'],
  ['online.algorithm', 'td3bc'],
  ['offline.params.cloning', 0.4],
  ['online.params.cloning', 0],
  ['offline.updates', 10_000],
  ['online.steps', 5000],
  ['switch.oldData', 0],
  // The fall is over within 500 steps: look closely.
  ['evaluation.onlineEvery', 100],
];

export const presetDefinitions: readonly PresetDefinition[] = [
  {
    id: 'stitching',
    name: 'Stitching',
    see: 'No demonstration crosses the maze, yet the policy does: about 6 in the data, about 34 offline, about 47 after acting.',
    cures: 'offline RL copies its data',
    partner: 'the-copier',
    next: [
      { label: 'Believe only the average action: expectile 0.5', set: ['offline.params.expectile', 0.5] },
      { label: 'Leave the old data at the switch', set: ['switch.oldData', 0] },
      { label: 'Only imitate: BC', set: ['offline.algorithm', 'bc'] },
    ],
    settings: [
      ...shortHops,
      ['offline.algorithm', 'iql'],
      ['online.algorithm', 'iql'],
      ['offline.params.expectile', 0.8],
      ['offline.params.inverseTemperature', 3],
      ['online.params.exploration', 'noise'],
      ['online.params.learningRate', 5e-4],
      ['network.layerNorm', true],
      ['online.steps', 5000],
      ['switch.warmup', 1000],
      ['switch.oldData', 0.5],
    ],
  },
  {
    id: 'the-copier',
    name: 'The copier',
    see: 'Same data, same network, about a quarter of Stitching: imitation averages what it saw.',
    cures: 'imitation is enough',
    partner: 'stitching',
    next: [
      { label: 'Learn values too: IQL', set: ['offline.algorithm', 'iql'] },
      { label: 'Copy experts instead', set: ['dataset.recipe', 'expert'] },
      { label: 'Five times the data', set: ['dataset.params.transitions', 100_000] },
    ],
    settings: [...shortHops, ['offline.algorithm', 'bc'], ['online.steps', 0]],
  },
  {
    id: 'wishful-thinking',
    name: 'Wishful thinking',
    see: 'Predicted Q climbs over the ceiling while return falls: crossed rings spread, the critic praises actions nobody tried.',
    cures: 'high Q and low loss mean a good policy',
    partner: 'a-little-caution',
    next: [
      { label: 'Add a little caution: cloning 0.4', set: ['offline.params.cloning', 0.4] },
      { label: 'Normalise the critic: LayerNorm', set: ['network.layerNorm', true] },
      { label: 'Wider data: medium-replay', set: ['dataset.recipe', 'medium-replay'] },
    ],
    settings: [...narrowExpert, ['offline.params.cloning', 0], ['online.params.cloning', 0]],
  },
  {
    id: 'a-little-caution',
    name: 'A little caution',
    see: 'One knob from Wishful thinking: the rings vanish and promise meets return.',
    cures: 'offline RL needs a new algorithm; often it needs one term',
    partner: 'wishful-thinking',
    next: [
      { label: 'Take the caution away: cloning 0', set: ['offline.params.cloning', 0] },
      { label: 'Drop it at the switch only', set: ['online.params.cloning', 0] },
      { label: 'Five times the caution: cloning 2', set: ['offline.params.cloning', 2] },
    ],
    settings: [...narrowExpert, ['offline.params.cloning', 0.4], ['online.params.cloning', 0.4]],
  },
  {
    id: 'the-dip',
    name: 'The dip',
    see: 'Return falls by about 490 within the first 500 steps after the switch, then recovers far above where it was.',
    cures: 'fine-tuning can only improve',
    partner: 'warm-start',
    next: [
      { label: 'Act frozen first: warm-up 2,000', set: ['switch.warmup', 2000] },
      { label: 'Keep half the old data', set: ['switch.oldData', 0.5] },
      { label: 'Keep the caution: cloning 0.4', set: ['online.params.cloning', 0.4] },
    ],
    settings: [...droppedCaution, ['switch.warmup', 0]],
  },
  {
    id: 'warm-start',
    name: 'Warm start',
    see: 'One knob from The dip: acting frozen first makes the fall smaller, about 290 instead of 490 on average; five seeds leave some doubt.',
    cures: 'old data must be kept to be safe',
    partner: 'the-dip',
    next: [
      { label: 'No warm-up', set: ['switch.warmup', 0] },
      { label: 'A shorter one: 500 steps', set: ['switch.warmup', 500] },
      { label: 'Keep half the old data as well', set: ['switch.oldData', 0.5] },
    ],
    settings: [...droppedCaution, ['switch.warmup', 2000]],
  },
  {
    id: 'two-returns',
    name: 'Two returns',
    see: 'Greedy return stays at 500 while the exploring return, which it really earns at half random moves, is about 190.',
    cures: 'one return describes a policy',
    next: [
      { label: 'Fewer random moves: 0.1', set: ['online.params.exploration', 0.1] },
      { label: 'None at all: 0', set: ['online.params.exploration', 0] },
      { label: 'Drop caution online: conservatism 0', set: ['online.params.conservatism', 0] },
    ],
    settings: [
      ['environment.id', 'cartPole'],
      ['dataset.recipe', 'medium-expert'],
      ['dataset.params.transitions', 20_000],
      ['offline.algorithm', 'cql'],
      ['online.algorithm', 'cql'],
      ['offline.params.conservatism', 1],
      ['online.params.exploration', 0.5],
      ['offline.updates', 10_000],
      ['online.steps', 5000],
    ],
  },
  {
    id: 'truth-in-four-rooms',
    name: 'Truth in four rooms',
    see: 'Where the data show nothing, values are invented: twice as far above the truth. Move α to 1 while it runs and the policy is right again.',
    cures: 'values are right where data is absent',
    next: [
      { label: 'Doubt what the data do not show: conservatism 1', set: ['offline.params.conservatism', 1] },
      { label: 'Data from everywhere: random', set: ['dataset.recipe', 'random'] },
      { label: 'Ten times the data', set: ['dataset.params.transitions', 20_000] },
    ],
    settings: [
      ['environment.id', 'fourRooms'],
      ['dataset.recipe', 'expert'],
      ['dataset.params.transitions', 2000],
      ['offline.algorithm', 'cql'],
      ['online.algorithm', 'cql'],
      ['offline.params.conservatism', 0],
      ['online.params.conservatism', 0],
      ['offline.updates', 10_000],
      ['online.steps', 5000],
    ],
  },
  {
    id: 'seed-lottery',
    name: 'Seed lottery',
    see: 'Hide nine seeds and any story can be told; the band is the result.',
    cures: 'one run is evidence',
    next: [
      { label: 'Three seeds only', set: ['seeds.count', 3] },
      { label: 'Start from data: medium-replay', set: ['dataset.recipe', 'medium-replay'] },
      { label: 'Two updates a step', set: ['switch.updatesPerStep', 2] },
    ],
    settings: [
      ['environment.id', 'pendulum'],
      ['dataset.recipe', 'none'],
      ['online.algorithm', 'sac'],
      ['online.steps', 10_000],
      ['seeds.count', 10],
    ],
  },
];

/** What the bare address shows. */
export const defaultPreset = 'stitching';

/** Every preset with its whole spec, in the order of the drawer. */
export const presets: readonly Preset[] = presetDefinitions.map((definition) => ({
  ...definition,
  spec: specOf(definition),
}));

/** Undefined for an unknown id, whatever the string. */
export function presetById(id: string): Preset | undefined {
  return presets.find((preset) => preset.id === id);
}
/** The whole spec of a preset; undefined for an unknown id. */
export function presetSpec(id: string): RunSpec | undefined {
  return presetById(id)?.spec;
}

/** Every field at its default, in the first environment of the registry: what presets are written over. */
export function plainSpec(): RunSpec {
  const environment = Object.values(environments)[0];
  const recipe = Object.values(recipes)[0];
  const algorithm = Object.values(algorithms).find(
    ({ capabilities }) => capabilities.online && capabilities.actions.includes('box'),
  );
  if (!algorithm) throw new Error('no algorithm learns both phases of continuous control');
  const bare: RunSpec = {
    version: 1,
    preset: defaultPreset,
    environment: { id: environment.id, params: defaultsOf(environment.params) },
    dataset: { recipe: recipe.id, params: defaultsOf(recipe.params), seed: runSchema.datasetSeed.default },
    network: defaultsOf(networkSchema),
    offline: {
      algorithm: algorithm.id,
      params: defaultsOf(algorithm.params),
      updates: runSchema.offlineUpdates.default,
    },
    online: { algorithm: algorithm.id, params: defaultsOf(algorithm.params), steps: runSchema.onlineSteps.default },
    switch: defaultsOf(switchSchema),
    evaluation: defaultsOf(evaluationSchema),
    seeds: withSeedCount([], runSchema.seedCount.default),
    executor: runSchema.executor.default,
    changes: [],
  };
  return repairSpec(bare, bare).spec;
}

function specOf(definition: PresetDefinition): RunSpec {
  let spec: RunSpec = { ...plainSpec(), preset: definition.id };
  for (const [path, value] of definition.settings) {
    const edited = setField(spec, path, value);
    if (edited.problems.length > 0) {
      throw new Error(`preset ${definition.id}: ${path} = ${value}: ${JSON.stringify(edited.problems)}`);
    }
    spec = edited.spec;
  }
  return spec;
}
