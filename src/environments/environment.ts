/**
 * What an environment is. One file an environment, one line in `registry.ts`.
 *
 * State is a plain value, `step` is pure, randomness comes in; time limits belong to the loop that steps it.
 * Angles are radians. `terminated` is a true end (no bootstrap); a time limit is a truncation and is never reported here.
 */
import type { RandomStream } from '../numeric/random';
import type { Schema, ValuesOf } from '../schema/field';

export interface BoxSpace {
  readonly kind: 'box';
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** One word a component: "x", "angular velocity"; units in `units` ("m", "rad/s", "" for none). */
  readonly names: readonly string[];
  readonly units: readonly string[];
}
export interface DiscreteSpace {
  readonly kind: 'discrete';
  /** One word an action, its index is the action: ["left", "right"]. */
  readonly names: readonly string[];
  /** Direction on the plane for arrows, one [dx, dy] an action. */
  readonly directions: readonly (readonly [number, number])[];
}
export type ActionSpace = BoxSpace | DiscreteSpace;

/** States are flat records of numbers, so checkpoints and snapshots are plain JSON. */
export type State = Readonly<Record<string, number>>;
export interface Outcome<S extends State> {
  readonly state: S;
  readonly reward: number;
  readonly terminated: boolean;
}
/** Two state axes on which value, policy and coverage are drawn. */
export interface Plane<S extends State> {
  readonly kind: 'maze' | 'cells' | 'phase';
  readonly x: PlaneAxis;
  readonly y: PlaneAxis;
  /** The state drawn at (x, y); the rest as the file declares (velocity 0, centre of the track…). Null where nothing can be (walls). */
  stateAt(x: number, y: number): S | null;
  /** Where a state lies on the plane. */
  project(state: S): readonly [number, number];
  /** Where the state lies whose observation starts at `offset`: the way back for data, which hold observations only. */
  locate(observations: ArrayLike<number>, offset: number): readonly [number, number];
  /** Where an action points on the plane, length 1 at full action: an arrow of the policy field. */
  arrow(action: ArrayLike<number>): readonly [number, number];
  /** Grid resolution of the map: cells of the picture along x and y. */
  readonly grid: readonly [number, number];
}
export interface PlaneAxis {
  readonly name: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}
/** Shapes in the environment's own metres, y up; drawing code stays elsewhere. A 'maze' or 'cells' plane shares this frame. */
export type Shape =
  | {
      readonly shape: 'rectangle';
      readonly from: readonly [number, number];
      readonly to: readonly [number, number];
      readonly role: Role;
    }
  | { readonly shape: 'circle'; readonly at: readonly [number, number]; readonly radius: number; readonly role: Role }
  | {
      readonly shape: 'rod';
      readonly from: readonly [number, number];
      readonly to: readonly [number, number];
      readonly width: number;
      readonly role: Role;
    }
  | { readonly shape: 'path'; readonly points: readonly (readonly [number, number])[]; readonly role: Role };
export type Role = 'wall' | 'ground' | 'goal' | 'body' | 'pivot' | 'force';
export interface Scene<S extends State = State> {
  /** What stands still: walls, hills, the goal. */
  readonly still: readonly Shape[];
  /** What moves, for one state and the last action. */
  moving(state: S, action: readonly number[]): readonly Shape[];
  readonly bounds: { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
}

/** An environment under fixed parameters, ready to step. */
export interface Environment<S extends State = State> {
  readonly observation: BoxSpace;
  readonly action: ActionSpace;
  /** Decisions in an episode before truncation. */
  readonly maxSteps: number;
  reset(random: RandomStream): S;
  /** Writes the observation of `state` into `into` from `offset`, float32. */
  observe(state: S, into: Float32Array, offset: number): void;
  /** `action`: environment units for a box (clipped here as the source does), `action[0]` the index for discrete. */
  step(state: S, action: ArrayLike<number>, random: RandomStream): Outcome<S>;
  /** A scripted policy in the field's terms: "planner", "energy swing-up". Pure in the state. */
  readonly reference: { readonly name: string; act(state: S): readonly number[] };
  /** Largest discounted return a policy could earn; above it, predicted Q cannot be right. Infinite at discount 1 where rewards never stop. */
  ceiling(discount: number): number;
  /** Half-windows that count as "near the data", one an observation component and one an action component (0 for discrete: equal). */
  readonly neighbourhood: { readonly observation: readonly number[]; readonly action: readonly number[] };
  readonly plane: Plane<S>;
  readonly scene: Scene<S>;
  /** How the dataset generators move about: named goals for goal-directed recipes (PointMaze). Absent elsewhere. */
  readonly goals?: {
    readonly cells: readonly (readonly [number, number])[];
    /** Shortest-path distance in cells. */
    distance(from: readonly [number, number], to: readonly [number, number]): number;
    cellOf(state: S): readonly [number, number];
    /** The planner towards `goal`, noise not included; `jitter` shifts its way-points. */
    actTowards(state: S, goal: readonly [number, number], jitter: readonly [number, number]): readonly number[];
    reached(state: S, goal: readonly [number, number]): boolean;
  };
  /** Exact values by dynamic programming, where the state space is finite (Four Rooms). Time limits play no part in them. */
  readonly exact?: {
    /** Every state, the terminal ones included: their values are 0. */
    readonly states: readonly S[];
    /** Row of `state` in `states`. */
    indexOf(state: S): number;
    /** Q*, shape [states][actions]. */
    optimalValues(discount: number): readonly (readonly number[])[];
    /** Q^π of the policy with these action probabilities, shape [states][actions] in and out. */
    policyValues(probabilities: readonly ArrayLike<number>[], discount: number): readonly (readonly number[])[];
  };
}

export interface EnvironmentDefinition<P extends Schema = Schema, S extends State = State> {
  readonly id: string;
  /** Of the whole family, as the picker says it: "Point maze". */
  readonly name: string;
  /** Under these parameters, as the sentence says it: "U-maze". */
  nameOf(values: ValuesOf<P>): string;
  /** One plain sentence for Methods and the picker. */
  readonly summary: string;
  /** Where the dynamics come from, with a link. */
  readonly source: string;
  readonly params: P;
  /** Unit of the return: "steps at the goal"; `of` gives the most there can be under these parameters. */
  returnUnit(values: ValuesOf<P>): { readonly name: string; readonly of?: number };
  make(values: ValuesOf<P>): Environment<S>;
}
/** Keeps the parameter types of one definition while the registry holds them all. Without `nameOf`, the name is always `name`. */
export function defineEnvironment<const P extends Schema, S extends State>(
  definition: Omit<EnvironmentDefinition<P, S>, 'nameOf'> & Partial<Pick<EnvironmentDefinition<P, S>, 'nameOf'>>,
): EnvironmentDefinition<P, S> {
  return { nameOf: () => definition.name, ...definition };
}
