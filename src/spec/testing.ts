/** Random specs for property tests: every one valid, every setting somewhere in its range. */
import { stream } from '../numeric/random';
import type { Field, FieldValue, Schema, Values } from '../schema/field';
import { presets } from './presets';
import { repairSpec } from './repair';
import { evaluationSchema, networkSchema, runSchema, switchSchema } from './runFields';
import type { RunSpec } from './runSpec';
import {
  algorithmField,
  environmentField,
  environmentOf,
  offlineAlgorithmOf,
  onlineAlgorithmOf,
  recipeField,
  recipeOf,
  slotsOf,
} from './structure';

/** The spec of this number, always the same. About a third of them change only a few settings of a preset. */
export function randomSpec(seed: number): RunSpec {
  const random = stream(seed, 'data');
  const pick = <T>(items: readonly T[]): T => items[random.index(items.length)];
  const drawn = (field: Field): FieldValue => {
    switch (field.kind) {
      case 'real':
        return pick([field.min, field.max, field.default, random.uniform(field.min, field.max)]);
      case 'integer':
        return field.min + field.step * random.index(Math.floor((field.max - field.min) / field.step) + 1);
      case 'choice':
        return pick(field.options).value;
      case 'flag':
        return random.index(2) === 1;
    }
  };
  const rate = pick([0.03, 0.3, 1]);
  const valuesOf = (schema: Schema, base: Values): Values =>
    Object.fromEntries(
      Object.entries(schema).map(([name, field]) => [
        name,
        name in base && random.uniform() >= rate ? base[name] : drawn(field),
      ]),
    );

  let spec: RunSpec = pick(presets).spec;
  if (random.uniform() < rate) {
    const id = String(drawn(environmentField));
    spec = repairSpec({ environment: { id } }, spec).spec;
    const recipe = String(drawn(recipeField(id)));
    const updates = recipe === 'none' ? 0 : 1 + random.index(1_000_000);
    const offline = { algorithm: String(drawn(algorithmField(id, 'offline'))), updates };
    const online = { algorithm: String(drawn(algorithmField(id, 'online'))), steps: 1 + random.index(1_000_000) };
    spec = repairSpec({ dataset: { recipe }, offline, online }, spec).spec;
  }
  const seeds = Array.from({ length: 1 + random.index(12) }, (_, index) => 3 * index + random.index(3));
  spec = {
    ...spec,
    environment: { ...spec.environment, params: valuesOf(environmentOf(spec).params, spec.environment.params) },
    dataset: { ...spec.dataset, params: valuesOf(recipeOf(spec).params, spec.dataset.params), seed: random.bits() },
    network: valuesOf(networkSchema, spec.network),
    offline: { ...spec.offline, params: valuesOf(offlineAlgorithmOf(spec).params, spec.offline.params) },
    online: { ...spec.online, params: valuesOf(onlineAlgorithmOf(spec).params, spec.online.params) },
    switch: valuesOf(switchSchema, spec.switch),
    evaluation: valuesOf(evaluationSchema, spec.evaluation),
    seeds: random.uniform() < rate ? seeds : spec.seeds,
    executor: drawn(runSchema.executor) as RunSpec['executor'],
  };
  if (random.index(4) > 0) return spec;
  const live = slotsOf(spec).filter(({ field }) => field.live);
  const changes = Array.from({ length: 1 + random.index(3) }, () => {
    const { path, field } = pick(live);
    const phase = path.startsWith('offline.') ? ('offline' as const) : ('online' as const);
    return { phase, step: random.index(5000), field: path, value: drawn(field) };
  });
  return repairSpec({ changes }, spec).spec;
}
