import { describe, expect, test } from 'vitest';
import { stream } from '../numeric/random';
import { discountedReturns } from '../numeric/returns';
import { defaultsOf } from '../schema/fields';
import type { Shape, State } from './environment';
import { measureReferences } from './references';
import { environmentById, environments } from './registry';
import { actionSize, contains, observationSize } from './spaces';
import { rollout, variants } from './testing';

test('a definition is found by its own id, and no other string finds one', () => {
  for (const [key, definition] of Object.entries(environments)) {
    expect(definition.id).toBe(key);
    expect(environmentById(key)).toBe(definition);
  }
  for (const id of ['', 'pointmaze', 'constructor', '__proto__']) expect(environmentById(id)).toBeUndefined();
});

describe.each(Object.values(environments))('$id says what it is', (definition) => {
  test('its name, summary and source are not empty, and every option of every choice is named', () => {
    const texts = [definition.name, definition.summary, definition.source];
    texts.push(definition.nameOf(defaultsOf(definition.params)));
    for (const text of texts) expect(text.trim()).not.toBe('');
    expect(definition.source).toMatch(/https:\/\//);
  });
  test('the unit of its return says at most what the reference policy earns', () => {
    const values = defaultsOf(definition.params);
    const { name, of } = definition.returnUnit(values);
    expect(name).not.toBe('');
    const earned = sum(rollout(definition.make(values), { seed: 3, policy: 'reference' }).rewards);
    expect(earned).toBeLessThanOrEqual(of ?? Number.POSITIVE_INFINITY);
  });
});

const everyVariant = Object.values(environments).flatMap(variants);

describe.each(everyVariant)('$name keeps the environment contract', ({ environment }) => {
  test('the same seed gives the same episode, bit for bit, and another seed another', () => {
    const episode = rollout(environment, { seed: 7, steps: 50 });
    expect(rollout(environment, { seed: 7, steps: 50 })).toEqual(episode);
    expect(rollout(environment, { seed: 8, steps: 50 }).states).not.toEqual(episode.states);
  });

  test('every observation lies in the declared space, under random actions and under the reference policy', () => {
    expect(environment.observation.names).toHaveLength(observationSize(environment));
    expect(environment.observation.units).toHaveLength(observationSize(environment));
    for (const policy of ['random', 'reference'] as const) {
      for (const observation of rollout(environment, { seed: 1, policy }).observations) {
        expect(contains(environment.observation, observation), `${policy}: ${observation}`).toBe(true);
      }
    }
  });

  test('observe writes at its offset and nowhere else', () => {
    const size = observationSize(environment);
    const { states, observations } = rollout(environment, { seed: 2, steps: 5 });
    const into = new Float32Array(3 * size).fill(-99);
    environment.observe(states[5], into, size);
    expect(into.subarray(size, 2 * size)).toEqual(observations[5]);
    for (const edge of [into.subarray(0, size), into.subarray(2 * size)])
      expect(edge.every((x) => x === -99)).toBe(true);
  });

  test('step is pure: it leaves state and action alone, and repeats from the same position of the stream', () => {
    const { states, actions } = rollout(environment, { seed: 4, steps: 40 });
    const random = stream(4, 'test', 2);
    for (const [i, action] of actions.entries()) {
      const state = Object.freeze({ ...states[i] });
      const given = Object.freeze([...action]);
      const { position } = random;
      const first = environment.step(state, given, random);
      const after = random.position;
      environment.step(states[0], actions[0], stream(5, 'test')); // nothing of another copy may leak in
      random.position = position;
      expect(environment.step(state, given, random)).toEqual(first);
      expect(random.position).toBe(after);
    }
  });

  test('a state is finite numbers and survives JSON', () => {
    for (const state of rollout(environment, { seed: 5, steps: 60 }).states) {
      const copy: State = JSON.parse(JSON.stringify(state));
      expect(copy).toEqual(state);
      for (const value of Object.values(copy)) expect(Number.isFinite(value)).toBe(true);
    }
  });

  test('every reset draws from the stream and lies on the plane', () => {
    const { x, y } = environment.plane;
    const random = stream(6, 'test');
    for (let i = 0; i < 50; i++) {
      const { position } = random;
      const [atX, atY] = environment.plane.project(environment.reset(random));
      expect(random.position).toBeGreaterThan(position);
      expect(atX).toBeGreaterThanOrEqual(x.min);
      expect(atX).toBeLessThanOrEqual(x.max);
      expect(atY).toBeGreaterThanOrEqual(y.min);
      expect(atY).toBeLessThanOrEqual(y.max);
    }
  });

  test('every drawn cell of the plane is a wall or a state that projects back onto its centre', () => {
    const { plane } = environment;
    const size = observationSize(environment);
    const observation = new Float32Array(size);
    let drawn = 0;
    for (const [x, y] of cellCentres(plane)) {
      const state = plane.stateAt(x, y);
      if (state === null) continue;
      drawn++;
      const [backX, backY] = plane.project(state);
      expect(backX).toBeCloseTo(x, 6);
      expect(backY).toBeCloseTo(y, 6);
      environment.observe(state, observation, 0);
      expect(contains(environment.observation, observation), `${x}, ${y}: ${observation}`).toBe(true);
    }
    expect(drawn).toBeGreaterThan(0.3 * plane.grid[0] * plane.grid[1]);
  });

  test('a state’s observation is located where the state is, wherever its row starts', () => {
    const { plane } = environment;
    const size = observationSize(environment);
    for (const policy of ['random', 'reference'] as const) {
      for (const state of rollout(environment, { seed: 14, policy }).states) {
        const rows = new Float32Array(2 * size);
        environment.observe(state, rows, size);
        const [x, y] = plane.locate(rows, size);
        const [expectedX, expectedY] = plane.project(state);
        // Observations are float32; at ±π an angle may come back on the other side.
        const turn = plane.x.unit === 'rad' ? 2 * Math.PI : Number.POSITIVE_INFINITY;
        const gap = Math.abs(x - expectedX);
        expect(Math.min(gap, Math.abs(gap - turn))).toBeLessThan(1e-6);
        expect(y).toBeCloseTo(expectedY, 5);
      }
    }
  });

  test('a box action beyond its bounds moves the state as the bound does', () => {
    const { action } = environment;
    if (action.kind === 'discrete') return;
    const { states } = rollout(environment, { seed: 9, steps: 10 });
    for (const [bound, factor] of [
      [action.low, 3],
      [action.high, 10],
    ] as const) {
      const far = environment.step(
        states[10],
        bound.map((value) => value * factor),
        stream(9, 'test'),
      );
      expect(far.state).toEqual(environment.step(states[10], bound, stream(9, 'test')).state);
    }
  });

  test('the reference policy stays inside the action space and beats random actions over 20 episodes', () => {
    const space = environment.action;
    for (const action of rollout(environment, { seed: 10, policy: 'reference' }).actions) {
      expect(action).toHaveLength(actionSize(space));
      if (space.kind === 'discrete') expect(space.names[action[0]]).toBeDefined();
      else expect(action.every((value, i) => value >= space.low[i] && value <= space.high[i])).toBe(true);
    }
    const references = measureReferences(environment, 1, 20);
    expect(references.reference).toBeGreaterThan(references.random);
    expect(references).toEqual(measureReferences(environment, 1, 20));
    expect(references).not.toEqual(measureReferences(environment, 2, 20));
  });

  test('no discounted return of the reference policy, from any step on, exceeds the ceiling', () => {
    for (const discount of [0, 0.9, 0.98]) {
      const { rewards } = rollout(environment, { seed: 11, policy: 'reference' });
      const ceiling = environment.ceiling(discount);
      for (const value of discountedReturns(Float32Array.from(rewards), discount, 0)) {
        expect(value).toBeLessThanOrEqual(ceiling * 1.000001);
      }
    }
  });

  test('arrows are at most one long, and for discrete actions the declared directions', () => {
    const { action, plane } = environment;
    const actions = action.kind === 'discrete' ? action.names.map((_, i) => [i]) : [action.low, action.high];
    for (const [i, given] of actions.entries()) {
      const [x, y] = plane.arrow(given);
      // A box may be full in several directions at once.
      expect(Math.sqrt(x * x + y * y)).toBeLessThanOrEqual(Math.sqrt(actionSize(action)) + 1e-12);
      expect(Math.abs(x) + Math.abs(y)).toBeGreaterThan(0);
      if (action.kind === 'discrete') expect([x, y]).toEqual(action.directions[i]);
    }
  });

  test('the window that counts as near the data has one width a component, zero for discrete actions', () => {
    const { observation, action } = environment.neighbourhood;
    expect(observation).toHaveLength(observationSize(environment));
    expect(action).toHaveLength(actionSize(environment.action));
    for (const width of [...observation, ...action]) expect(width).toBeGreaterThanOrEqual(0);
    if (environment.action.kind === 'discrete') expect(action).toEqual([0]);
  });

  test('every shape of the scene is finite, and the body stays inside its bounds', () => {
    const { scene } = environment;
    const { states, actions } = rollout(environment, { seed: 12, steps: 100 });
    const moving = actions.flatMap((action, i) => scene.moving(states[i], action));
    moving.push(...scene.moving(states[0], []));
    for (const [x, y] of [...scene.still, ...moving].flatMap(pointsOf)) {
      expect(Number.isFinite(x) && Number.isFinite(y)).toBe(true);
    }
    const [left, right] = scene.bounds.x;
    const [bottom, top] = scene.bounds.y;
    for (const shape of moving.filter(({ role }) => role === 'body')) {
      for (const [x, y] of pointsOf(shape)) {
        expect(x >= left && x <= right && y >= bottom && y <= top, `${x}, ${y}`).toBe(true);
      }
    }
    expect(moving.some(({ role }) => role === 'body')).toBe(true);
    expect(moving.some(({ role }) => role === 'force')).toBe(true);
  });

  test('a step knows no time limit: past it nothing ends that did not end before', () => {
    const { states, actions, terminated, truncated } = rollout(environment, { seed: 13 });
    expect(terminated).not.toBe(truncated);
    if (!truncated) return;
    expect(actions).toHaveLength(environment.maxSteps);
    const last = actions[actions.length - 1];
    const random = stream(13, 'test', 3);
    expect(environment.step(states[states.length - 2], last, random).terminated).toBe(false);
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function* cellCentres({ x, y, grid }: (typeof everyVariant)[number]['environment']['plane']) {
  for (let i = 0; i < grid[0]; i++) {
    for (let j = 0; j < grid[1]; j++) {
      yield [x.min + ((x.max - x.min) * (i + 0.5)) / grid[0], y.min + ((y.max - y.min) * (j + 0.5)) / grid[1]] as const;
    }
  }
}

function pointsOf(shape: Shape): readonly (readonly [number, number])[] {
  switch (shape.shape) {
    case 'rectangle':
    case 'rod':
      return [shape.from, shape.to];
    case 'circle':
      return [
        [shape.at[0] - shape.radius, shape.at[1] - shape.radius],
        [shape.at[0] + shape.radius, shape.at[1] + shape.radius],
      ];
    case 'path':
      return shape.points;
    default:
      return shape satisfies never;
  }
}
