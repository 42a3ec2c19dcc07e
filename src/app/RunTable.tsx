/** Every run of this tab and of earlier visits: what it is, what it came to, and what can be done with it. A sweep is one row to open. */
import { ActionIcon, Menu } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { rampColour } from '../charts/palette';
import { shortNumber } from '../charts/scale';
import { type Estimate, summarise } from '../metrics/results';
import { startedFrom } from '../store/laboratory';
import type { RunView } from '../store/runsSlice';
import type { SweepPlace } from '../store/sweep';
import { saveCsv, saveJson } from './exports';
import { useLab, useLaboratory } from './LabContext';
import { isSameWorld } from './ReturnPanel';
import { regimeOfView } from './runFacts';
import { knobNameInside, knobOf, runColour, runDash, sweptText } from './sweepFacts';
import { useLater } from './useLater';
import { usePalette } from './usePalette';
import { placeText, words } from './words';

/** A row of the table: one run, or all runs of a sweep in the order of values. */
type Entry = { readonly run: RunView } | { readonly sweep: SweepPlace; readonly runs: readonly RunView[] };

export function RunTable() {
  const laboratory = useLaboratory();
  const runs = useLater(
    useLab((state) => state.runs),
    90,
  );
  const listed = useMemo(() => Object.values(runs).sort((a, b) => b.order - a.order), [runs]);
  const entries = useMemo(() => entriesOf(listed), [listed]);
  const [deleted, setDeleted] = useState<readonly RunView[]>([]);
  if (listed.length === 0 && deleted.length === 0) return null;
  const { head } = words.runs;
  return (
    <section className="panel runs" aria-label={words.landmarks.runs}>
      <div className="panel-head">
        <h2>
          {words.runs.title} <span className="third">{listed.length}</span>
        </h2>
        {deleted.length > 0 && (
          <span className="undo" role="status">
            {deleted.length === 1 ? words.runs.removed(deleted[0].name) : words.sweep.deleted(deleted.length)}{' '}
            <button
              type="button"
              className="toggle"
              onClick={() => {
                laboratory.undeleteRuns(deleted);
                setDeleted([]);
              }}
            >
              {words.runs.undo}
            </button>
          </span>
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keyboard inside its own box */}
      <section className="table-box" tabIndex={0} aria-label={words.runs.table}>
        <table>
          <thead>
            <tr>
              {Object.entries(head).map(([key, label]) => (
                <th key={key} scope="col" className={key}>
                  {key === 'actions' ? <span className="visually-hidden">{label}</span> : label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) =>
              'run' in entry ? (
                <RunRow key={entry.run.id} run={entry.run} onDeleted={() => setDeleted([entry.run])} />
              ) : (
                <SweepRows key={entry.sweep.id} sweep={entry.sweep} runs={entry.runs} onDeleted={setDeleted} />
              ),
            )}
          </tbody>
        </table>
      </section>
    </section>
  );
}

/** A sweep stands where its newest run would. */
function entriesOf(newestFirst: readonly RunView[]): readonly Entry[] {
  const entries: Entry[] = [];
  const seen = new Set<string>();
  for (const run of newestFirst) {
    const { sweep } = run;
    if (!sweep) entries.push({ run });
    else if (!seen.has(sweep.id)) {
      seen.add(sweep.id);
      const runs = newestFirst.filter((other) => other.sweep?.id === sweep.id);
      entries.push({ sweep, runs: runs.sort((a, b) => (a.sweep?.index ?? 0) - (b.sweep?.index ?? 0)) });
    }
  }
  return entries;
}

interface SweepRowsProps {
  readonly sweep: SweepPlace;
  readonly runs: readonly RunView[];
  readonly onDeleted: (runs: readonly RunView[]) => void;
}
function SweepRows({ sweep, runs, onDeleted }: SweepRowsProps) {
  const laboratory = useLaboratory();
  const palette = usePalette();
  const [isOpen, setIsOpen] = useState(false);
  const isShown = useLab((state) => runs.some(({ id }) => state.runs[id]?.shown));
  const knob = knobOf(sweep);
  const name = words.sweep.group(
    knob ? knobNameInside(knob) : sweep.path,
    sweptText(sweep, runs[0].sweep?.value),
    sweptText(sweep, runs[runs.length - 1].sweep?.value),
  );
  const done = runs.filter(({ status }) => status === 'finished').length;
  const isStopped = runs.some(({ status }) => status === 'stopped');
  const failed = runs.reduce((sum, { curves }) => sum + failuresOf(curves), 0);
  const stops = palette.ramp.map((_, i) => rampColour(palette, i / (palette.ramp.length - 1)));
  const remove = () => {
    laboratory.deleteRuns(runs.map(({ id }) => id));
    onDeleted(runs);
  };
  return (
    <>
      <tr className="sweep-row">
        <th scope="row" className="name">
          <span className="sweep-name">
            <label className="run-name">
              <input
                type="checkbox"
                checked={isShown}
                aria-label={words.sweep.showAll(name)}
                onChange={(event) => laboratory.store.getState().sweepShown(sweep.id, event.currentTarget.checked)}
              />
              <span
                className="gradient small"
                style={{ background: isShown ? `linear-gradient(90deg, ${stops.join()})` : palette.edge }}
              />
              <span>{name}</span>
              <span className="third">
                {isStopped ? words.sweep.stopped(done, runs.length) : words.sweep.done(done, runs.length)}
              </span>
            </label>
            <button
              type="button"
              className="toggle fold"
              aria-expanded={isOpen}
              aria-label={isOpen ? words.sweep.collapse : words.sweep.expand}
              onClick={() => setIsOpen(!isOpen)}
            >
              {isOpen ? '▾' : '▸'}
            </button>
          </span>
        </th>
        <td>
          {runs[0].seeds.length} × {runs.length}
          {failed > 0 && <span className="broken"> {words.runs.failed(failed)}</span>}
        </td>
        {(['pretrained', 'last', 'best', 'regime', 'digest'] as const).map((column) => (
          <td key={column}>{words.runs.dash}</td>
        ))}
        <td className="actions">
          <RowMenu name={name}>
            <Menu.Item onClick={() => laboratory.replaceRecipe(startedFrom(runs[0]))}>
              {words.sweep.takeRecipe}
            </Menu.Item>
            <Menu.Item onClick={remove}>{words.runs.remove}</Menu.Item>
          </RowMenu>
        </td>
      </tr>
      {isOpen && runs.map((run) => <RunRow key={run.id} run={run} onDeleted={() => onDeleted([run])} />)}
    </>
  );
}
function failuresOf(curves: RunView['curves']): number {
  return curves.filter(({ result }) => result.outcome === 'failed').length;
}

function RunRow({ run, onDeleted }: { run: RunView; onDeleted: () => void }) {
  const laboratory = useLaboratory();
  const palette = usePalette();
  const shared = useLab((state) => (state.currentId === run.id ? state.shared : null));
  // biome-ignore lint/correctness/useExhaustiveDependencies: results grow in place; the revision stands for them
  const facts = useMemo(
    () => ({ summary: summarise(run.curves.map(({ result }) => result)), regime: regimeOfView(run) }),
    [run.id, run.revision, run.references],
  );
  const { summary, regime } = facts;
  // What a person ticks answers at once; the rest of the row may come a moment later.
  const isShown = useLab(({ runs }) => (runs[run.id] ?? run).shown);
  const isDrawn = useLab(({ recipe }) => isShown && isSameWorld(run.spec, recipe));
  const colour = isDrawn ? runColour(run, palette) : palette.edge;
  const lead = run.seeds[0]?.at;
  const status =
    run.status === 'stopped' && lead ? words.runs.stoppedAt(placeText(lead)) : words.runs.status[run.status];
  // What does not repeat bit for bit was never going to be the same.
  const isComparable = run.executor?.reproducible !== false;
  const verdict =
    shared && run.digest && isComparable
      ? run.digest.startsWith(shared.digest)
        ? words.runs.same
        : words.runs.different
      : null;
  return (
    <tr className={run.sweep ? 'swept-row' : undefined}>
      <th scope="row" className="name">
        <label className="run-name" title={isShown && !isDrawn ? words.runs.otherWorld : undefined}>
          <input
            type="checkbox"
            checked={isShown}
            aria-label={words.runs.show(run.name)}
            onChange={(event) => laboratory.store.getState().runShown(run.id, event.currentTarget.checked)}
          />
          <svg width="22" height="8" aria-hidden="true">
            <line
              x1="1"
              x2="21"
              y1="4"
              y2="4"
              stroke={colour}
              strokeWidth="3"
              strokeDasharray={runDash(run).join(' ')}
            />
          </svg>
          <span>{run.name}</span>
          {status && <span className="third">{status}</span>}
        </label>
      </th>
      <td>
        {run.seeds.length}
        {summary.failed > 0 && <span className="broken"> {words.runs.failed(summary.failed)}</span>}
      </td>
      <EstimateCell estimate={hasCrossed(run) ? summary.pretrained : null} />
      <EstimateCell estimate={summary.final} />
      <EstimateCell estimate={summary.best} />
      <td>{regime ? words.cards.regimeNames[regime.label].split(' ')[0] : words.runs.dash}</td>
      <td className="digest">
        {run.digest ? <code title={run.digest}>{run.digest.slice(0, 6)}</code> : words.runs.dash}
        {verdict && <span className={verdict === words.runs.same ? 'ok' : 'watch'}> {verdict}</span>}
      </td>
      <td className="actions">
        <RowMenu name={run.name}>
          <Menu.Item onClick={() => laboratory.takeRecipe(run.id)}>
            {run.spec.changes.length > 0 ? words.runs.takeWithChanges : words.runs.take}
          </Menu.Item>
          <Menu.Item onClick={() => saveCsv(run)}>{words.runs.csv}</Menu.Item>
          <Menu.Item onClick={() => saveJson(run)}>{words.runs.json}</Menu.Item>
          <Menu.Item
            onClick={() => {
              laboratory.deleteRuns([run.id]);
              onDeleted();
            }}
          >
            {words.runs.remove}
          </Menu.Item>
        </RowMenu>
      </td>
    </tr>
  );
}

function RowMenu({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Menu position="bottom-end" shadow="none">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={words.runs.menu(name)}>
          …
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

/** Whether a seed has reached the end of its pretraining: before it there is no pretrained policy. */
function hasCrossed({ curves, spec: { offline } }: RunView): boolean {
  return (
    offline.updates > 0 && curves.some(({ result }) => result.offline.some(({ step }) => step === offline.updates))
  );
}

function EstimateCell({ estimate }: { estimate: Estimate | null }) {
  if (!estimate) return <td>{words.runs.dash}</td>;
  const { mean, interval } = estimate;
  const title = interval
    ? `95 % ${words.chart.interval(shortNumber(interval[0]), shortNumber(interval[1]))}`
    : undefined;
  return <td title={title}>{shortNumber(mean)}</td>;
}
