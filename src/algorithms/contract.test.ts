import { describe, expect, test } from 'vitest';
import { ReferenceSession } from '../compute/reference/session';
import { environments } from '../environments/registry';
import { defaultsOf } from '../schema/fields';
import { assemble } from '../training/assemble';
import { specWith } from '../training/testing';
import { algorithms } from './registry';

const words = (text: string) => text.trim().split(/\s+/).length;
/** The smallest network, in an environment whose actions the algorithm knows. */
function programsOf(id: string, phase: 'offline' | 'online') {
  const { actions, offline, online } = algorithms[id].capabilities;
  const kinds = { box: 'stitching', discrete: 'two-returns' } as const;
  if (!(phase === 'offline' ? offline : online)) return [];
  return actions.map((kind) => {
    const base = specWith(kinds[kind], { 'network.hiddenSize': 16, 'network.batch': 16 });
    const spec = { ...base, [phase]: { ...base[phase], algorithm: id, params: defaultsOf(algorithms[id].params) } };
    const environment = environments[spec.environment.id].make(spec.environment.params);
    return { kind, programs: assemble(spec, phase, environment) };
  });
}

describe.each(Object.keys(algorithms))('%s keeps the algorithm contract', (id) => {
  const algorithm = algorithms[id];
  test('is registered under its own id and names its paper with a link', () => {
    expect(algorithm.id).toBe(id);
    expect(algorithm.paper.link).toMatch(/^https:\/\/arxiv\.org\/abs\/\d{4}\.\d{5}$/);
    expect(algorithm.equations.length).toBeGreaterThan(0);
  });
  test('says every parameter and metric in at most 25 words', () => {
    for (const { help } of [...Object.values(algorithm.params), ...Object.values(algorithm.metrics)])
      expect(words(help), help).toBeLessThanOrEqual(25);
  });
  test('its update reports the metrics it declares, and no others', () => {
    for (const phase of ['offline', 'online'] as const)
      for (const { programs } of programsOf(id, phase))
        expect([...programs.update.metrics].sort()).toEqual(Object.keys(algorithm.metrics).sort());
  });
  test('does what its capabilities say', () => {
    const { penalty, critic, stateValue, anchor } = algorithm.capabilities;
    if (penalty) expect(Object.keys(algorithm.params)).toContain(penalty);
    if (stateValue) expect(critic).toBe(true);
    for (const { programs, kind } of programsOf(id, 'online')) {
      const outputs = programs.queries['judge'].outputs.map(({ name }) => name);
      expect(outputs.includes('promised')).toBe(critic);
      expect(outputs.includes('actionValues')).toBe(critic && kind === 'discrete');
      expect(programs.modules.some(({ name }) => name === 'anchorPolicy')).toBe(anchor);
    }
  });
  test('greedy and exploring actions lie in the action space', async () => {
    for (const { programs, kind } of [...programsOf(id, 'offline'), ...programsOf(id, 'online')]) {
      const session = new ReferenceSession(programs, { seed: 3, dataCapacity: 4, replayCapacity: 4 });
      for (const name of ['greedy', 'explore']) {
        const { inputs } = session.plan.entries[name];
        const { rows, columns } = inputs['observation'].shape;
        const observation = Float32Array.from({ length: rows * columns }, (_, i) => (i % 7) - 3);
        for (let counter = 0; counter < 5; counter++) {
          const { action } = await session.query(name, { observation }, counter);
          for (const value of action) {
            if (kind === 'box') expect(Math.abs(value)).toBeLessThanOrEqual(1);
            else expect([0, 1]).toContain(value);
          }
        }
      }
    }
  });
});
