/** What each measure means, in one sentence of at most 25 words (product.md §8). Losses are declared by their algorithms. */
import type { Measure } from './curves';

export interface MeasureText {
  readonly label: string;
  readonly help: string;
}
export const measureCatalogue: Readonly<Record<Measure | 'exploring' | 'dataReturn' | 'band', MeasureText>> = {
  return: {
    label: 'Greedy return',
    help: 'Reward summed over one episode without exploration, averaged over 20 fresh episodes.',
  },
  exploring: {
    label: 'Exploring return',
    help: 'What the acting policy earned in training episodes, exploration included.',
  },
  predicted: {
    label: 'Predicted Q',
    help: 'What the critic promises at the states of the evaluation episodes.',
  },
  realised: {
    label: 'Realised return',
    help: 'The discounted reward that followed the states where the critic promised.',
  },
  outsideData: {
    label: 'Actions outside the data',
    help: 'Share of chosen actions with no dataset transition nearby. There the critic guesses.',
  },
  distanceToPretrained: {
    label: 'Distance to π₀',
    help: 'How far today’s actions are from the pretrained policy’s, averaged over dataset states.',
  },
  dataReturn: { label: 'J(D)', help: 'Mean episode return in the data: the bar pretraining has to clear.' },
  band: {
    label: 'Interquartile mean and band',
    help: 'Mean of the middle half of seeds; band: 95 % bootstrap interval over seeds.',
  },
};

export type Health = 'ok' | 'watch' | 'broken';
/** State of Predicted Q, by product.md §3: its gap over what was realised, against the distance from random to reference. */
export function predictionHealth(
  predicted: number,
  realised: number,
  scale: { readonly ceiling: number; readonly discountedSpan: number },
): { readonly health: Health; readonly gap: number } {
  const gap = (predicted - realised) / Math.max(scale.discountedSpan, 1e-9);
  if (!(predicted <= scale.ceiling) || !(gap < 1)) return { health: 'broken', gap };
  return { health: gap >= 0.25 ? 'watch' : 'ok', gap };
}
/** State of the share of actions outside the data: half of them is a policy that lives on guesses. */
export function outsideHealth(share: number): Health {
  return share >= 0.5 ? 'broken' : share >= 0.2 ? 'watch' : 'ok';
}
