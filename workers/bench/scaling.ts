/** `bench -- scaling`: the time of an IQL update against width, batch, critics and replicas. */

import { draw, type TableStyle } from '../../src/compute/bench/grid';
import { labContender } from '../../src/compute/bench/labContender';
import { hyper } from '../../src/compute/bench/problem';
import { milliseconds } from '../../src/compute/bench/report';
import { timeInRounds } from '../../src/compute/bench/rounds';
import { small } from '../../src/compute/bench/sizes';
import { loadExecutor } from '../../src/training/executors';
import { plotSvg } from './plot';
import { benchPrograms } from './programs';

export const scalingExecutors = ['wasm', 'wasm-relaxed', 'webgpu'] as const;
export type ScalingExecutor = (typeof scalingExecutors)[number];

interface Point {
  readonly hidden: number;
  readonly batch: number;
  readonly critics: number;
  readonly replicas: number;
}
const base: Point = { ...small, critics: hyper.criticCount, replicas: 1 };

interface Axis {
  readonly name: keyof Point;
  readonly label: string;
  readonly values: readonly number[];
  readonly fixed: string;
}
/** One thing changes at a time; the others stay at 2×64 units, batch 64, two critics, one learner. */
export const axes: readonly Axis[] = [
  {
    name: 'hidden',
    label: 'Units in each of two hidden layers',
    values: [16, 32, 64, 128, 256, 512],
    fixed: 'batch 64',
  },
  { name: 'batch', label: 'Transitions in a batch', values: [16, 32, 64, 128, 256, 512, 1024], fixed: '2×64 units' },
  { name: 'critics', label: 'Critics', values: [1, 2, 4, 8], fixed: '2×64 units, batch 64' },
  { name: 'replicas', label: 'Replicas (seeds at once)', values: [1, 2, 4, 8, 16, 32], fixed: '2×64 units, batch 64' },
];

export interface ScalingPoint extends Point {
  readonly axis: string;
  readonly executor: string;
  /** Milliseconds of one update of all replicas. */
  readonly medianMs: number;
  readonly lowMs: number;
  readonly highMs: number;
}
export interface ScalingResult {
  readonly rounds: number;
  readonly points: readonly ScalingPoint[];
  readonly skipped: readonly { readonly executor: string; readonly reason: string }[];
}
export interface ScalingOptions {
  readonly executors: readonly ScalingExecutor[];
  readonly rounds: number;
  readonly capMs: number;
  say(line: string): void;
}

export async function measureScaling({ executors, rounds, capMs, say }: ScalingOptions): Promise<ScalingResult> {
  const points: ScalingPoint[] = [];
  const skipped: { executor: string; reason: string }[] = [];
  for (const id of executors) {
    const executor = await loadExecutor(id);
    const reason = executor === null ? `${id} is not part of this build.` : await executor.unavailable();
    if (executor === null || reason !== null) {
      skipped.push({ executor: id, reason: reason ?? '' });
      say(`Skipped ${id}: ${reason}`);
      continue;
    }
    for (const axis of axes) {
      say(`${id}: ${axis.label.toLowerCase()} …`);
      const own = await Promise.all(
        axis.values.map(async (value) => {
          const point: Point = { ...base, [axis.name]: value };
          const programs = benchPrograms('iql', point, { critics: point.critics });
          const options = { version: '', replicas: point.replicas, clock: () => performance.now() };
          return { point, contender: await labContender(executor, programs, options) };
        }),
      );
      const timings = await timeInRounds(
        own.map(({ contender }) => contender),
        rounds,
        { capMs },
      );
      for (const [place, { medianMs, lowMs, highMs }] of timings.entries()) {
        points.push({ axis: axis.name, executor: id, ...own[place].point, medianMs, lowMs, highMs });
      }
      for (const { contender } of own) await contender.close();
    }
  }
  return { rounds, points, skipped };
}

/** One table an axis: the axis' values across, executors down. */
export function scalingTable({ points, rounds, skipped }: ScalingResult, style: TableStyle): string {
  const tables = axesOf(points).map((axis) => {
    const lines = linesOf(points, axis).map(({ name, points: own }) => [
      name,
      ...own.map(({ y }) => `${milliseconds(y)} ms`),
    ]);
    return draw({ head: [`${axis.label}, ${axis.fixed}`, ...axis.values.map(String)], lines }, style);
  });
  return [
    `One IQL update, median of up to ${rounds} interleaved rounds.`,
    '',
    tables.join('\n\n'),
    ...skipped.map(({ executor, reason }) => `\nSkipped ${executor}: ${reason}`),
    '',
  ].join('\n');
}

/** File name → SVG text, one an axis. */
export function scalingPlots({ points }: ScalingResult): Record<string, string> {
  return Object.fromEntries(
    axesOf(points).map((axis) => [
      `scaling-${axis.name}.svg`,
      plotSvg({
        title: `One IQL update, ${axis.fixed}`,
        xLabel: axis.label,
        yLabel: 'Milliseconds',
        lines: linesOf(points, axis),
      }),
    ]),
  );
}

function axesOf(points: readonly ScalingPoint[]): readonly Axis[] {
  return axes.filter(({ name }) => points.some(({ axis }) => axis === name));
}
function linesOf(points: readonly ScalingPoint[], { name }: Axis) {
  const own = points.filter(({ axis }) => axis === name);
  return [...new Set(own.map(({ executor }) => executor))].map((executor) => ({
    name: executor,
    points: own.filter((point) => point.executor === executor).map((point) => ({ x: point[name], y: point.medianMs })),
  }));
}
