/**
 * `npm run freeze`: remembers the presets as they are now, so that links made from now on mean the same for ever.
 *
 * Appends to `src/spec/presetHistory.json` every preset whose spec has changed. `--first` starts the history and the golden
 * links (`src/spec/link.golden.json`) afresh: right only while no link has left the house.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setField } from '../src/spec/fields';
import { decodeLink, encodeLink } from '../src/spec/link';
import { presets } from '../src/spec/presets';
import type { RunSpec } from '../src/spec/runSpec';

const folder = new URL('../src/spec/', import.meta.url);
const historyFile = new URL('presetHistory.json', folder);
const goldenFile = new URL('link.golden.json', folder);
const first = process.argv.includes('--first');

const history: Record<string, RunSpec[]> = first ? {} : JSON.parse(readFileSync(historyFile, 'utf8'));
const added: string[] = [];
for (const { id, spec } of presets) {
  history[id] ??= [];
  if (JSON.stringify(history[id].at(-1)) === JSON.stringify(spec)) continue;
  history[id].push(spec);
  added.push(id);
}
writeFileSync(historyFile, `${JSON.stringify(history, null, 1)}\n`);
process.stdout.write(added.length === 0 ? 'No preset has changed.\n' : `Remembered ${added.join(', ')}.\n`);

if (first) {
  writeFileSync(goldenFile, `${JSON.stringify(goldenLinks(), null, 1)}\n`);
  process.stdout.write('Golden links written anew.\n');
}

/** Links of every kind, each with what it must decode to for ever. */
function goldenLinks() {
  const edited = (spec: RunSpec, ...settings: readonly (readonly [string, number | string | boolean])[]) =>
    settings.reduce((current, [path, value]) => setField(current, path, value).spec, spec);
  const [stitching] = presets;
  const knobs = edited(
    stitching.spec,
    ['offline.params.expectile', 0.7],
    ['switch.oldData', 0.25],
    ['network.hiddenSize', 128],
    ['seeds', '3,5..9'],
  );
  const elsewhere = edited(
    stitching.spec,
    ['environment.id', 'cartPole'],
    ['online.params.conservatism', 0],
    ['executor', 'auto'],
  );
  const onDevice = edited(stitching.spec, ['executor', 'webgpu'], ['switch.staleness', 64]);
  const moved: RunSpec = {
    ...stitching.spec,
    changes: [
      { phase: 'offline', step: 3000, field: 'offline.params.expectile', value: 0.7 },
      { phase: 'online', step: 400, field: 'switch.oldData', value: 0 },
      { phase: 'online', step: 2100, field: 'finish', value: true },
    ],
  };
  const { params } = stitching.spec.offline;
  const outOfRange: RunSpec = {
    ...stitching.spec,
    offline: { ...stitching.spec.offline, params: { ...params, discount: 1.7, expectile: 0.2 } },
  };
  const digest = 'a41f9c0123456789abcdef01';
  const curve = {
    offline: [0, 500, 1000].map((step) => ({ step, mean: step / 100, low: step / 125, high: step / 80 })),
    online: [0, 250].map((step) => ({ step, mean: 10.25, low: 8, high: 12.5 })),
  };
  const links: Readonly<Record<string, string>> = {
    ...Object.fromEntries(presets.map(({ id, name, spec }) => [`the preset ${name} (${id})`, encodeLink(spec)])),
    'a few knobs and other seeds': encodeLink(knobs),
    'another environment, and with it other algorithms': encodeLink(elsewhere),
    'acting with earlier weights, on a graphics device': encodeLink(onDevice),
    'knobs moved during the run': encodeLink(moved),
    'a result': encodeLink(knobs, { digest }),
    'a result and its curve': encodeLink(knobs, { digest, curve }),
    'values out of range': encodeLink(outOfRange),
    'half of it lost on the way': encodeLink(knobs).slice(0, 120),
  };
  return Object.entries(links).map(([what, link]) => ({ what, link, ...decodeLink(link) }));
}
