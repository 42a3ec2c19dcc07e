/**
 * Drive a weak car out of a valley: it must first back away from the flag to gain speed. Doing nothing earns 0, a local optimum.
 * Source: Gymnasium MountainCarContinuous-v0, same constants, https://gymnasium.farama.org/environments/classic_control/mountain_car_continuous/
 *
 * observation [position, velocity] (the source's own units) · action [force] in ±1 · truncated after 999 steps
 * reward −0.1·force² each step with the force as asked, not as clipped; +100 at the flag · terminated at position ≥ 0.45
 */
import { clamp, cos, sin } from '../numeric/math';
import { defineEnvironment, type Shape } from './environment';

const power = 0.0015;
const gravity = 0.0025;
const minPosition = -1.2;
const maxPosition = 0.6;
const flag = 0.45;
const maxVelocity = 0.07;

/** Both float32, as the source stores them after every step. */
export type MountainCarState = { readonly position: number; readonly velocity: number };

export const mountainCarContinuous = defineEnvironment({
  id: 'mountainCarContinuous',
  name: 'Mountain car',
  summary: 'Rock a car too weak for the hill back and forth until it reaches the flag; effort costs.',
  source:
    'Gymnasium MountainCarContinuous-v0, https://gymnasium.farama.org/environments/classic_control/mountain_car_continuous/',
  params: {},
  returnUnit: () => ({ name: 'points for the flag, less effort', of: 100 }),
  make: () => ({
    observation: {
      kind: 'box',
      low: [minPosition, -maxVelocity],
      high: [maxPosition, maxVelocity],
      names: ['position', 'velocity'],
      units: ['', 'a step'],
    },
    action: { kind: 'box', low: [-1], high: [1], names: ['force'], units: [''] },
    maxSteps: 999,

    reset: (random) => ({ position: Math.fround(random.uniform(-0.6, -0.4)), velocity: 0 }),

    observe({ position, velocity }, into, offset) {
      into[offset] = position;
      into[offset + 1] = velocity;
    },

    step({ position, velocity }: MountainCarState, action) {
      const force = clamp(action[0], -1, 1);
      let nextVelocity = clamp(velocity + power * force - gravity * cos(3 * position), -maxVelocity, maxVelocity);
      const nextPosition = clamp(position + nextVelocity, minPosition, maxPosition);
      if (nextPosition === minPosition && nextVelocity < 0) nextVelocity = 0; // the left wall swallows the speed
      const terminated = nextPosition >= flag && nextVelocity >= 0;
      return {
        state: { position: Math.fround(nextPosition), velocity: Math.fround(nextVelocity) },
        reward: (terminated ? 100 : 0) - 0.1 * action[0] * action[0],
        terminated,
      };
    },

    reference: {
      name: 'bang-bang',
      /** Full force with the motion: each swing gains height. */
      act: ({ velocity }) => [velocity >= 0 ? 1 : -1],
    },

    ceiling: () => 100, // the flag at once, for no effort

    neighbourhood: {
      // 1/20 of each axis of the plane, a quarter of the action range.
      observation: [(maxPosition - minPosition) / 20, (2 * maxVelocity) / 20],
      action: [0.5],
    },

    plane: {
      kind: 'phase',
      x: { name: 'position', unit: '', min: minPosition, max: maxPosition },
      y: { name: 'velocity', unit: 'a step', min: -maxVelocity, max: maxVelocity },
      stateAt: (position, velocity) => ({ position: Math.fround(position), velocity: Math.fround(velocity) }),
      project: ({ position, velocity }) => [position, velocity],
      locate: (observations, offset) => [observations[offset], observations[offset + 1]],
      arrow: (action) => [0, clamp(action[0], -1, 1)],
      grid: [48, 48],
    },

    scene: {
      still: [
        { shape: 'path', points: hill(), role: 'ground' },
        { shape: 'rod', from: [flag, height(flag)], to: [flag, height(flag) + 0.2], width: 0.01, role: 'goal' },
        { shape: 'circle', at: [flag, height(flag) + 0.2], radius: 0.03, role: 'goal' },
      ],
      moving({ position }, action) {
        const at = [position, height(position) + 0.05] as const;
        const shapes: Shape[] = [{ shape: 'circle', at, radius: 0.05, role: 'body' }];
        const force = action.length > 0 ? clamp(action[0], -1, 1) : 0;
        if (force !== 0) {
          shapes.push({ shape: 'rod', from: at, to: [at[0] + 0.25 * force, at[1]], width: 0.015, role: 'force' });
        }
        return shapes;
      },
      bounds: { x: [minPosition - 0.1, maxPosition + 0.1], y: [0, 1.25] },
    },
  }),
});

/** Height of the road as the source draws it; the dynamics follow its slope. */
function height(position: number): number {
  return 0.45 * sin(3 * position) + 0.55;
}

function hill(): readonly (readonly [number, number])[] {
  const segments = 60;
  return Array.from({ length: segments + 1 }, (_, i) => {
    const position = minPosition + ((maxPosition - minPosition) * i) / segments;
    return [position, height(position)] as const;
  });
}
