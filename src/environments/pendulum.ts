/**
 * Swing a pendulum up with too little torque and hold it there.
 * Source: Gymnasium Pendulum-v1, same constants and integrator, https://gymnasium.farama.org/environments/classic_control/pendulum/
 *
 * observation [cos θ, sin θ, θ̇ (rad/s)], θ = 0 upright · action [torque (N·m)] in ±2 · truncated after 200 steps
 * reward −(θ² + 0.1 θ̇² + 0.001 u²) of the state before the step, in [−16.28, 0] · never terminates
 */
import { atan2, clamp, cos, sin, wrapAngle } from '../numeric/math';
import { defineEnvironment, type Shape } from './environment';

const gravity = 10; // m/s²
const length = 1; // m
const mass = 1; // kg
const timeStep = 0.05; // s
const maxTorque = 2; // N·m
const maxVelocity = 8; // rad/s

/** Angle in rad, not wrapped, as the source keeps it; angular velocity in rad/s. */
export type PendulumState = { readonly angle: number; readonly velocity: number };

export const pendulum = defineEnvironment({
  id: 'pendulum',
  name: 'Pendulum',
  summary: 'Swing a pendulum up with a motor too weak to lift it directly, and hold it upright.',
  source: 'Gymnasium Pendulum-v1, https://gymnasium.farama.org/environments/classic_control/pendulum/',
  params: {},
  returnUnit: () => ({ name: 'minus the cost, 0 is best' }),
  make: () => ({
    observation: {
      kind: 'box',
      low: [-1, -1, -maxVelocity],
      high: [1, 1, maxVelocity],
      names: ['cosine of the angle', 'sine of the angle', 'angular velocity'],
      units: ['', '', 'rad/s'],
    },
    action: { kind: 'box', low: [-maxTorque], high: [maxTorque], names: ['torque'], units: ['N·m'] },
    maxSteps: 200,

    reset: (random) => ({ angle: random.uniform(-Math.PI, Math.PI), velocity: random.uniform(-1, 1) }),

    observe({ angle, velocity }, into, offset) {
      into[offset] = cos(angle);
      into[offset + 1] = sin(angle);
      into[offset + 2] = velocity;
    },

    step({ angle, velocity }: PendulumState, action) {
      const torque = clamp(action[0], -maxTorque, maxTorque);
      const fromUpright = wrapAngle(angle);
      const reward = -(fromUpright * fromUpright + 0.1 * velocity * velocity + 0.001 * torque * torque);
      const acceleration = ((3 * gravity) / (2 * length)) * sin(angle) + (3 / (mass * length * length)) * torque;
      // Semi-implicit Euler: the new velocity moves the angle. Explicit Euler would pump energy in.
      const nextVelocity = clamp(velocity + acceleration * timeStep, -maxVelocity, maxVelocity);
      return { state: { angle: angle + nextVelocity * timeStep, velocity: nextVelocity }, reward, terminated: false };
    },

    reference: {
      name: 'energy swing-up',
      /** Far from upright, torque with the motion until the energy is that of standing still upright; near it, a PD controller. */
      act({ angle, velocity }) {
        if (cos(angle) > 0.9 && Math.abs(velocity) < 4) {
          return [clamp(-10 * wrapAngle(angle) - 3 * velocity, -maxTorque, maxTorque)];
        }
        const energy = (velocity * velocity) / 6 + 5 * cos(angle); // J: m l² θ̇²/6 + m g l cos θ / 2, upright at rest 5
        const direction = velocity >= 0 ? 1 : -1;
        return [clamp((5 - energy) * direction, -maxTorque, maxTorque)];
      },
    },

    ceiling: () => 0, // every reward is a cost

    neighbourhood: {
      // 1/20 of each axis of the plane; an angle δ apart moves its sine and cosine by at most δ. A quarter of the action range.
      observation: [(2 * Math.PI) / 20, (2 * Math.PI) / 20, (2 * maxVelocity) / 20],
      action: [maxTorque / 2],
    },

    plane: {
      kind: 'phase',
      x: { name: 'angle', unit: 'rad', min: -Math.PI, max: Math.PI },
      y: { name: 'angular velocity', unit: 'rad/s', min: -maxVelocity, max: maxVelocity },
      stateAt: (angle, velocity) => ({ angle, velocity }),
      project: ({ angle, velocity }) => [wrapAngle(angle), velocity],
      locate: (observations, offset) => [
        atan2(observations[offset + 1], observations[offset]),
        observations[offset + 2],
      ],
      arrow: (action) => [0, clamp(action[0], -maxTorque, maxTorque) / maxTorque],
      grid: [48, 48],
    },

    scene: {
      still: [],
      moving({ angle }, action) {
        const shapes: Shape[] = [
          { shape: 'rod', from: [0, 0], to: [sin(angle) * length, cos(angle) * length], width: 0.12, role: 'body' },
          { shape: 'circle', at: [0, 0], radius: 0.05, role: 'pivot' },
        ];
        const torque = action.length > 0 ? clamp(action[0], -maxTorque, maxTorque) : 0;
        if (torque !== 0) shapes.push({ shape: 'path', points: torqueArc(torque), role: 'force' });
        return shapes;
      },
      bounds: { x: [-1.25, 1.25], y: [-1.25, 1.25] },
    },
  }),
});

/** An arc about the pivot from the top, clockwise for positive torque (θ grows clockwise here), three quarters of a turn at full torque. */
function torqueArc(torque: number): readonly (readonly [number, number])[] {
  const radius = 0.3; // m
  const segments = 24;
  const sweep = ((1.5 * Math.PI) / maxTorque) * torque;
  return Array.from({ length: segments + 1 }, (_, i) => {
    const angle = (sweep * i) / segments;
    return [sin(angle) * radius, cos(angle) * radius] as const;
  });
}
