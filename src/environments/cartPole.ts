/**
 * Balance a pole on a cart by pushing left or right.
 * Source: Gymnasium CartPole-v1, same constants and integrator, https://gymnasium.farama.org/environments/classic_control/cart_pole/
 * after Barto, Sutton & Anderson 1983.
 *
 * observation [x (m), ẋ (m/s), θ (rad), θ̇ (rad/s)], θ = 0 upright · action 0 left, 1 right (10 N) · truncated after 500 steps
 * reward 1 a step, the last included · terminated when |x| > 2.4 m or |θ| > 12°
 */
import { cos, sin } from '../numeric/math';
import { defineEnvironment, type Shape } from './environment';

const gravity = 9.8; // m/s²
const cartMass = 1; // kg
const poleMass = 0.1; // kg
const totalMass = cartMass + poleMass;
const halfLength = 0.5; // m
const pushForce = 10; // N
const timeStep = 0.02; // s
const maxPosition = 2.4; // m
const maxAngle = (12 * 2 * Math.PI) / 360; // rad
/**
 * What no episode exceeds (the source leaves the velocities unbounded): full push over the whole track gives √(2 · 9.7 · 4.8) = 9.7 m/s,
 * full angular acceleration over the whole 24° gives √(2 · 18 · 0.42) = 3.9 rad/s, and one step more after the end.
 */
const velocityBound = 10; // m/s
const angularVelocityBound = 5; // rad/s
const planeAngularVelocity = 3; // rad/s, drawn range

export type CartPoleState = {
  readonly position: number;
  readonly velocity: number;
  readonly angle: number;
  readonly angularVelocity: number;
};

export const cartPole = defineEnvironment({
  id: 'cartPole',
  name: 'Cart-pole',
  summary: 'Keep a pole upright on a cart by pushing the cart left or right.',
  source: 'Gymnasium CartPole-v1, https://gymnasium.farama.org/environments/classic_control/cart_pole/',
  params: {},
  returnUnit: () => ({ name: 'steps upright', of: 500 }),
  make: () => ({
    observation: {
      kind: 'box',
      low: [-2 * maxPosition, -velocityBound, -2 * maxAngle, -angularVelocityBound],
      high: [2 * maxPosition, velocityBound, 2 * maxAngle, angularVelocityBound],
      names: ['position', 'velocity', 'angle', 'angular velocity'],
      units: ['m', 'm/s', 'rad', 'rad/s'],
    },
    // On the plane a push to the left turns the pole to the right: the angular velocity grows.
    action: {
      kind: 'discrete',
      names: ['left', 'right'],
      directions: [
        [0, 1],
        [0, -1],
      ],
    },
    maxSteps: 500,

    reset: (random) => ({
      position: random.uniform(-0.05, 0.05),
      velocity: random.uniform(-0.05, 0.05),
      angle: random.uniform(-0.05, 0.05),
      angularVelocity: random.uniform(-0.05, 0.05),
    }),

    observe({ position, velocity, angle, angularVelocity }, into, offset) {
      into[offset] = position;
      into[offset + 1] = velocity;
      into[offset + 2] = angle;
      into[offset + 3] = angularVelocity;
    },

    step({ position, velocity, angle, angularVelocity }: CartPoleState, action) {
      const force = action[0] === 1 ? pushForce : -pushForce;
      const cosine = cos(angle);
      const sine = sin(angle);
      const pole = poleMass * halfLength;
      const pushed = (force + pole * angularVelocity * angularVelocity * sine) / totalMass;
      const angularAcceleration =
        (gravity * sine - cosine * pushed) / (halfLength * (4 / 3 - (poleMass * cosine * cosine) / totalMass));
      const acceleration = pushed - (pole * angularAcceleration * cosine) / totalMass;
      // Explicit Euler, as in the source: positions move with the old velocities.
      const state = {
        position: position + timeStep * velocity,
        velocity: velocity + timeStep * acceleration,
        angle: angle + timeStep * angularVelocity,
        angularVelocity: angularVelocity + timeStep * angularAcceleration,
      };
      const terminated = Math.abs(state.position) > maxPosition || Math.abs(state.angle) > maxAngle;
      return { state, reward: 1, terminated };
    },

    reference: {
      name: 'linear controller',
      act: ({ position, velocity, angle, angularVelocity }) => [
        0.1 * position + 0.25 * velocity + 4 * angle + angularVelocity > 0 ? 1 : 0,
      ],
    },

    ceiling: (discount) => 1 / (1 - discount), // upright for ever

    neighbourhood: {
      // 1/20 of each axis; the cart's speed in play is about ±3 m/s, far inside the bound above.
      observation: [(2 * maxPosition) / 20, (2 * 3) / 20, (2 * maxAngle) / 20, (2 * planeAngularVelocity) / 20],
      action: [0],
    },

    plane: {
      kind: 'phase',
      x: { name: 'angle', unit: 'rad', min: -maxAngle, max: maxAngle },
      y: { name: 'angular velocity', unit: 'rad/s', min: -planeAngularVelocity, max: planeAngularVelocity },
      stateAt: (angle, angularVelocity) => ({ position: 0, velocity: 0, angle, angularVelocity }),
      project: ({ angle, angularVelocity }) => [angle, angularVelocity],
      locate: (observations, offset) => [observations[offset + 2], observations[offset + 3]],
      arrow: (action) => (action[0] === 1 ? [0, -1] : [0, 1]),
      grid: [48, 48],
    },

    scene: {
      still: [
        {
          shape: 'path',
          points: [
            [-maxPosition, 0],
            [maxPosition, 0],
          ],
          role: 'ground',
        },
        // Where the episode ends.
        { shape: 'rectangle', from: [-maxPosition - 0.05, -0.15], to: [-maxPosition, 0.15], role: 'wall' },
        { shape: 'rectangle', from: [maxPosition, -0.15], to: [maxPosition + 0.05, 0.15], role: 'wall' },
      ],
      moving({ position, angle }, action) {
        const top = 0.3;
        const poleTo = [position + 2 * halfLength * sin(angle), top + 2 * halfLength * cos(angle)] as const;
        const shapes: Shape[] = [
          { shape: 'rectangle', from: [position - 0.25, 0], to: [position + 0.25, top], role: 'body' },
          { shape: 'rod', from: [position, top], to: poleTo, width: 0.08, role: 'body' },
          { shape: 'circle', at: [position, top], radius: 0.05, role: 'pivot' },
        ];
        if (action.length > 0) {
          const direction = action[0] === 1 ? 1 : -1;
          const edge = position + 0.25 * direction;
          shapes.push({
            shape: 'rod',
            from: [edge, 0.15],
            to: [edge + 0.4 * direction, 0.15],
            width: 0.04,
            role: 'force',
          });
        }
        return shapes;
      },
      bounds: { x: [-maxPosition - 0.3, maxPosition + 0.3], y: [-0.3, 1.5] },
    },
  }),
});
