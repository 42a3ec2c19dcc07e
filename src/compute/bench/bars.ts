/** What the lab promises of its speed, and what a measurement says of each promise. */

export type Verdict = 'held' | 'missed' | 'not measured';

export interface Bar {
  /** "wasm, IQL 2×64/64, one thread, against tfjs-wasm". */
  readonly name: string;
  readonly bound: number;
  /** A bound from below or from above. */
  readonly sense: 'at least' | 'at most';
  readonly unit: '×' | '%' | 's';
}
export interface JudgedBar extends Bar {
  readonly measured: number | null;
  readonly verdict: Verdict;
  /** Why nothing was measured, or what to know of the number; empty if nothing. */
  readonly note: string;
}

export function judge(bar: Bar, measured: number | null, note = ''): JudgedBar {
  if (measured === null) return { ...bar, measured, verdict: 'not measured', note };
  const holds = bar.sense === 'at least' ? measured >= bar.bound : measured <= bar.bound;
  return { ...bar, measured, verdict: holds ? 'held' : 'missed', note };
}

/** "held: wasm, IQL …: ×34, bar at least ×30". What is missed says by which share of the bar. */
export function barLine(bar: JudgedBar): string {
  const { name, sense, unit, bound, measured, verdict, note } = bar;
  const remark = note === '' ? '' : ` (${note})`;
  const promise = `${sense} ${amount(bound, unit)}`;
  if (measured === null) return `not measured here: ${name}, ${promise}${remark}`;
  const distance = Math.abs(measured - bound) / Math.abs(bound);
  const how = verdict === 'missed' ? `missed by ${Math.max(1, Math.round(100 * distance))} %` : verdict;
  return `${how}: ${name}: ${amount(measured, unit)}, bar ${promise}${remark}`;
}

export function amount(value: number, unit: Bar['unit']): string {
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value));
  return unit === '×' ? `×${digits}` : `${digits} ${unit}`;
}
