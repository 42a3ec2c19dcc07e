/** Parameters that several algorithms share, worded once. */
import { real } from '../schema/fields';

export const discount = real({
  default: 0.98,
  min: 0,
  max: 1,
  step: 0.005,
  live: true,
  label: 'Discount',
  symbol: 'γ',
  main: true,
  help: 'What a reward one step later is worth now. At 0.98 about 50 steps count.',
});
export const learningRate = real({
  default: 1e-3,
  min: 1e-6,
  max: 0.1,
  scale: 'log',
  step: 1e-4,
  live: true,
  label: 'Learning rate',
  main: true,
  help: 'Size of each parameter change. Too high: curves jump or explode. Too low: nothing happens in time.',
});
export const targetRate = real({
  default: 0.005,
  min: 0,
  max: 1,
  step: 0.005,
  live: true,
  label: 'Target rate',
  help: 'How fast the slow copy of the critic follows. Small is steady and slow.',
});
export const explorationNoise = real({
  phase: 'online',
  default: 0.1,
  min: 0,
  max: 1,
  step: 0.05,
  live: true,
  label: 'Exploration noise',
  main: true,
  help: 'Randomness added to online actions. Greedy evaluation never uses it, so the two returns differ.',
});
/** Metric texts that mean the same everywhere. */
export const criticLoss = {
  label: 'Critic loss',
  help: 'Mean squared difference between Q and its one-step target, summed over critics.',
};
export const meanQ = {
  label: 'Mean Q in the batch',
  help: 'What the critic promises, on average, for the batch’s own actions.',
};
