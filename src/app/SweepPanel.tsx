/** The newest sweep that is drawn: final return against the swept value, each value in words, and the way back into the recipe. */
import { Button } from '@mantine/core';
import { useMemo } from 'react';
import { SweepChart } from '../charts/SweepChart';
import { shortNumber } from '../charts/scale';
import { getField } from '../spec/fields';
import { explainAll } from '../spec/problems';
import { runsOfSweep } from '../store/laboratory';
import type { RunView } from '../store/runsSlice';
import type { SweepPlace } from '../store/sweep';
import { useKnobs, useLab, useLaboratory } from './LabContext';
import { isSameWorld, useGrowingRange } from './ReturnPanel';
import { knobNameInside, knobOf, type SweptRun, sweptRun, sweptText } from './sweepFacts';
import { useLater } from './useLater';
import { usePalette } from './usePalette';
import { words } from './words';

export function SweepPanel() {
  const runs = useLater(
    useLab((state) => state.runs),
    60,
  );
  const recipe = useLab((state) => state.recipe);
  const newest = Object.values(runs)
    .filter((run) => run.sweep && run.shown && isSameWorld(run.spec, recipe))
    .reduce<RunView | null>((best, run) => (best && best.order > run.order ? best : run), null);
  if (!newest?.sweep) return null;
  return <Panel key={newest.sweep.id} runs={runsOfSweep(runs, newest.sweep.id)} sweep={newest.sweep} />;
}

function Panel({ runs, sweep }: { runs: readonly RunView[]; sweep: SweepPlace }) {
  const laboratory = useLaboratory();
  const palette = usePalette();
  const knobs = useKnobs();
  const stage = useLab((state) => state.stage);
  const pickedId = useLab((state) => state.pickedId);
  const revision = runs.map(({ id, revision: own, status }) => `${id} ${own} ${status}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: results grow in place; the revisions stand for them
  const swept = useMemo(() => runs.map((run) => sweptRun(run, palette)), [revision, palette]);
  const axis = useMemo(
    () => ({ low: swept[0].value, high: swept[swept.length - 1].value, scale: sweep.scale }),
    [swept, sweep.scale],
  );
  const range = useGrowingRange(
    sweep.id,
    swept.flatMap(({ seeds, interval }) => [...seeds.map(({ value }) => value), ...(interval ?? [])]),
  );
  const knob = knobOf(sweep);
  const name = knob ? knobNameInside(knob) : sweep.path;
  const picked = swept.find(({ id }) => id === pickedId) ?? null;
  const now = Number(getField(sweep.recipe, sweep.path));
  const done = swept.filter(({ isOver }) => isOver).length;
  const isStopped = runs.some(({ status }) => status === 'stopped');
  const hasPoints = swept.some(({ seeds, failure }) => seeds.length > 0 || failure !== null);
  const failure = picked?.run.curves.flatMap(({ result }) => (result.problem ? [result.problem] : [])) ?? [];
  return (
    <section className="panel sweep-panel" aria-label={words.sweep.panel(name)}>
      <div className="panel-head">
        <h2>{words.sweep.panel(name)}</h2>
        <span className="unit" role="status">
          {isStopped ? words.sweep.stopped(done, swept.length) : words.sweep.done(done, swept.length)}
        </span>
        <span className="panel-tools">
          <Button
            size="compact-sm"
            variant="default"
            title={words.sweep.useHelp}
            disabled={!picked || getField(knobs, sweep.path) === picked.value}
            onClick={() => picked && void laboratory.edit(sweep.path, picked.value)}
          >
            {words.sweep.use}
          </Button>
        </span>
      </div>
      <div className="sweep-body">
        <div className="sweep-frame">
          <SweepChart
            label={words.sweep.panel(name)}
            axis={axis}
            range={range}
            values={swept}
            current={{ value: now, label: words.sweep.now(sweptText(sweep, now)) }}
            selectedId={pickedId}
            onSelect={(id) => laboratory.pickRun(id)}
            palette={palette}
            xTitle={knob?.field.unit ? `${name}, ${knob.field.unit}` : name}
            yTitle={stage ? words.chart.unit(stage.returnUnit) : words.chart.title}
            empty={hasPoints ? undefined : isStopped ? words.sweep.nothing : words.sweep.waiting}
          />
        </div>
        <div className="sweep-side">
          <ValueTable swept={swept} pickedId={pickedId} name={name} />
          {failure.length > 0 && <p className="sweep-note watch">{explainAll(failure)}</p>}
          {swept.some(({ seeds }) => seeds.some(({ isFinal }) => !isFinal)) && (
            <p className="sweep-note third">{words.sweep.soFar}</p>
          )}
        </div>
      </div>
    </section>
  );
}

function ValueTable({ swept, pickedId, name }: { swept: readonly SweptRun[]; pickedId: string | null; name: string }) {
  const laboratory = useLaboratory();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: sixteen values are scrolled by keyboard inside their own box
    <section className="table-box" tabIndex={0} aria-label={words.sweep.table(name)}>
      <table className="sweep-table">
        <thead>
          <tr>
            {Object.entries(words.sweep.head).map(([key, label]) => (
              <th key={key} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {swept.map(({ id, text, colour, mean, interval, seeds, run, failure, isOver }) => (
            <tr key={id} className={id === pickedId ? 'picked' : undefined}>
              <th scope="row">
                <button
                  type="button"
                  className="value-button"
                  aria-pressed={id === pickedId}
                  aria-label={words.sweep.pick(text)}
                  onClick={() => laboratory.pickRun(id === pickedId ? null : id)}
                >
                  <span className="swatch" style={{ background: colour }} />
                  {text}
                </button>
              </th>
              <td>{mean === null ? words.runs.dash : shortNumber(mean)}</td>
              <td>
                {interval ? words.chart.interval(shortNumber(interval[0]), shortNumber(interval[1])) : words.runs.dash}
              </td>
              <td>{seeds.filter(({ isFinal }) => isFinal).length}</td>
              <td className={failure ? 'broken' : 'third'}>{failure ?? stateText(run, isOver)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function stateText({ status, seeds }: RunView, isOver: boolean): string {
  if (isOver) return words.sweep.state.done;
  if (status === 'stopped') return words.sweep.state.stopped;
  if (seeds.every(({ state }) => state === 'queued')) return words.sweep.state.waiting;
  return words.runs.status[status];
}
