/**
 * The fields of a run that belong to no single environment, dataset or algorithm. Names are the link's and the command
 * line's; help texts are product.md §8's.
 */

import type { ValuesOf } from '../schema/field';
import { choice, flag, integer, real } from '../schema/fields';
import { maxSeeds } from './seeds';

export const networkSchema = {
  hiddenSize: integer({
    default: 64,
    min: 16,
    max: 512,
    step: 16,
    scale: 'log',
    label: 'Units a layer',
    help: 'Width of each hidden layer. Wider fits more and runs slower.',
  }),
  hiddenLayers: integer({
    default: 2,
    min: 1,
    max: 4,
    step: 1,
    label: 'Hidden layers',
    help: 'Depth of every network.',
  }),
  critics: integer({
    default: 2,
    min: 1,
    max: 10,
    step: 1,
    label: 'Critics',
    help: 'Independent value networks; the target takes their minimum. More are more cautious.',
  }),
  layerNorm: flag({
    default: false,
    label: 'LayerNorm',
    main: true,
    help: 'Normalises the critic’s hidden layers. Keeps values from exploding when few data are used often.',
  }),
  batch: integer({
    default: 128,
    min: 16,
    max: 1024,
    step: 16,
    scale: 'log',
    label: 'Batch size',
    main: true,
    help: 'Transitions averaged in one update. Larger is steadier and slower.',
  }),
  normalise: flag({
    default: false,
    label: 'Normalise observations',
    help: 'Shifts and scales each observation by the mean and spread of the data, online too.',
  }),
} as const;
export const switchSchema = {
  warmup: integer({
    default: 0,
    min: 0,
    max: 100_000,
    step: 1,
    label: 'Warm-up steps',
    main: true,
    help: 'Online steps with the policy frozen and no updates, so its own experience fills the buffer first.',
  }),
  oldData: real({
    default: 0.5,
    min: 0,
    max: 1,
    step: 0.05,
    live: true,
    label: 'Share of old data',
    main: true,
    help: 'Part of each online batch drawn from the fixed data. 0 leaves it; 0.5 is half.',
  }),
  sampling: choice({
    default: 'apart',
    options: [
      { value: 'apart', label: 'two buffers' },
      { value: 'together', label: 'one buffer' },
    ],
    label: 'Sampling',
    help: 'Two buffers hold the share fixed; one buffer draws from everything in proportion.',
  }),
  updatesPerStep: integer({
    default: 1,
    min: 1,
    max: 20,
    step: 1,
    live: true,
    label: 'Updates per step',
    main: true,
    help: 'Gradient updates for each online action. More learns faster from little, and overfits sooner.',
  }),
  anchor: real({
    default: 0,
    min: 0,
    max: 100,
    step: 0.1,
    live: true,
    label: 'Anchor to π₀',
    help: 'Penalty for leaving the pretrained policy. 0 lets go; large holds it fast.',
  }),
  anchorKind: choice({
    default: 'l2',
    options: [
      { value: 'l2', label: 'L2 of actions' },
      { value: 'kl', label: 'KL of policies' },
    ],
    label: 'Anchor measure',
    help: 'How the distance to the pretrained policy is measured. KL needs a random policy.',
  }),
  penaltyDecay: real({
    default: 1,
    min: 0,
    max: 1,
    step: 0.05,
    label: 'Offline penalty at the end',
    help: 'The offline penalty shrinks evenly to this part of itself over the online steps. 1 keeps it.',
  }),
  reset: choice({
    default: 'none',
    options: [
      { value: 'none', label: 'nothing' },
      { value: 'optimiser', label: 'optimiser' },
      { value: 'lastLayers', label: 'last layers' },
      { value: 'critic', label: 'critic' },
      { value: 'all', label: 'critic and policy' },
    ],
    label: 'Reset',
    main: true,
    help: 'What starts afresh at the switch. Fresh networks learn freely and forget everything.',
  }),
  shrink: real({
    default: 1,
    min: 0,
    max: 1,
    step: 0.05,
    label: 'Shrink and perturb',
    help: 'Keeps this part of every weight at the switch and fills the rest with fresh ones. 1 changes nothing.',
  }),
} as const;
export const evaluationSchema = {
  offlineEvery: integer({
    default: 500,
    min: 50,
    max: 100_000,
    step: 50,
    scale: 'log',
    label: 'Evaluate every, offline',
    unit: 'updates',
    help: 'Updates between two greedy evaluations before the switch.',
  }),
  onlineEvery: integer({
    default: 250,
    min: 50,
    max: 100_000,
    step: 50,
    scale: 'log',
    label: 'Evaluate every, online',
    unit: 'steps',
    help: 'Environment steps between two greedy evaluations after the switch.',
  }),
  episodes: integer({
    default: 20,
    min: 1,
    max: 100,
    step: 1,
    label: 'Episodes an evaluation',
    main: true,
    help: 'Fresh greedy episodes averaged into one point of the curve.',
  }),
  regimeEpisodes: integer({
    default: 100,
    min: 10,
    max: 1000,
    step: 10,
    label: 'Episodes at the switch',
    help: 'Greedy episodes a seed that decide the regime.',
  }),
  margin: real({
    default: 5,
    min: 0,
    max: 50,
    step: 1,
    label: 'Margin δ',
    symbol: 'δ',
    help: 'Difference, on the 0-100 scale, below which policy and data count as equally good.',
  }),
  level: real({
    default: 0.95,
    min: 0.5,
    max: 0.999,
    step: 0.01,
    label: 'Level',
    help: 'Confidence of the regime’s interval.',
  }),
  honestOffline: flag({
    default: false,
    label: 'Honest offline',
    help: 'Hides environment scores before the switch: knowing them would need the environment.',
  }),
} as const;
/** Budgets, seeds and the machine: one value each, outside the sections above. */
export const runSchema = {
  offlineUpdates: integer({
    default: 10_000,
    min: 0,
    max: 1_000_000,
    step: 1,
    scale: 'log',
    label: 'Offline updates',
    unit: 'updates',
    main: true,
    help: 'Gradient steps on fixed data before acting. The environment is not touched.',
  }),
  onlineSteps: integer({
    default: 5000,
    min: 0,
    max: 1_000_000,
    step: 1,
    scale: 'log',
    label: 'Online steps',
    unit: 'steps',
    main: true,
    help: 'Actions taken after the switch; each is stored and learnt from.',
  }),
  datasetSeed: integer({
    default: 0,
    min: 0,
    max: 0xffff_ffff,
    step: 1,
    label: 'Dataset seed',
    help: 'Makes another dataset by the same recipe. All training seeds learn from one dataset.',
  }),
  seedCount: integer({
    default: 5,
    min: 1,
    max: maxSeeds,
    step: 1,
    label: 'Seeds',
    main: true,
    help: 'Repeats that differ only in random numbers; the data stay the same. Fewer than 5 is weak evidence.',
  }),
  executor: choice({
    default: 'wasm',
    options: [
      { value: 'auto', label: 'fastest here' },
      { value: 'wasm', label: 'WebAssembly', help: 'Same bits in every browser and in Node.' },
      { value: 'tfjs-wasm', label: 'TensorFlow.js, WebAssembly' },
      { value: 'tfjs-cpu', label: 'TensorFlow.js, plain JavaScript' },
      { value: 'tfjs-webgl', label: 'TensorFlow.js, WebGL' },
      { value: 'tfjs-webgpu', label: 'TensorFlow.js, WebGPU' },
    ],
    label: 'Executor',
    main: true,
    help: 'What does the arithmetic. Only WebAssembly repeats a run bit for bit everywhere.',
  }),
} as const;
export type NetworkValues = ValuesOf<typeof networkSchema>;
export type SwitchValues = ValuesOf<typeof switchSchema>;
export type EvaluationValues = ValuesOf<typeof evaluationSchema>;
