/** What the lead seed's run came to, and three changes to try, one click each. */
import { Button } from '@mantine/core';
import { shortNumber } from '../charts/scale';
import { seedPoints } from '../metrics/curves';
import { presetById } from '../spec/presets';
import { useCurrentRun, useLaboratory } from './LabContext';
import { words } from './words';

export function EndLine() {
  const laboratory = useLaboratory();
  const run = useCurrentRun();
  const preset = run && presetById(run.spec.preset);
  if (!run || run.sweep || !preset || run.seeds[0].state !== 'ended') return null;
  const { result } = run.curves[0];
  if (result.outcome === 'failed') return null;
  const offline = seedPoints(result, 'return', 'offline', run.spec.offline.updates);
  const online = seedPoints(result, 'return', 'online', run.spec.offline.updates);
  const first = offline[0] ?? online[0];
  const pretrained = offline.at(-1);
  const last = online.at(-1);
  if (!first) return null;
  const from = shortNumber(first.value);
  const text =
    pretrained && last
      ? words.end.line(from, shortNumber(pretrained.value), shortNumber(last.value))
      : pretrained
        ? words.end.offlineOnly(from, shortNumber(pretrained.value))
        : words.end.onlineOnly(shortNumber((last ?? first).value));
  return (
    <div className="end-line">
      <p role="status">{text}</p>
      {preset.next.map(({ label, set: [path, value] }) => (
        <Button key={label} size="compact-sm" variant="default" onClick={() => void laboratory.edit(path, value)}>
          {label}
        </Button>
      ))}
    </div>
  );
}
