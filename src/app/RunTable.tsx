/** Every run of this tab and of earlier visits: what it is, what it came to, and what can be done with it. */
import { ActionIcon, Menu } from '@mantine/core';
import { useMemo, useState } from 'react';
import { runDashes } from '../charts/palette';
import { shortNumber } from '../charts/scale';
import { type Estimate, summarise } from '../metrics/results';
import type { RunView } from '../store/runsSlice';
import { saveCsv, saveJson } from './exports';
import { useLab, useLaboratory } from './LabContext';
import { colourIndex, isSameWorld } from './ReturnPanel';
import { regimeOfView } from './runFacts';
import { useLater } from './useLater';
import { usePalette } from './usePalette';
import { placeText, words } from './words';

export function RunTable() {
  const laboratory = useLaboratory();
  const runs = useLater(
    useLab((state) => state.runs),
    90,
  );
  const listed = useMemo(() => Object.values(runs).sort((a, b) => b.order - a.order), [runs]);
  const [deleted, setDeleted] = useState<RunView | null>(null);
  if (listed.length === 0 && !deleted) return null;
  const { head } = words.runs;
  return (
    <section className="panel runs" aria-label={words.landmarks.runs}>
      <div className="panel-head">
        <h2>
          {words.runs.title} <span className="third">{listed.length}</span>
        </h2>
        {deleted && (
          <span className="undo" role="status">
            {words.runs.removed(deleted.name)}{' '}
            <button
              type="button"
              className="toggle"
              onClick={() => {
                laboratory.undeleteRun(deleted);
                setDeleted(null);
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
            {listed.map((run) => (
              <RunRow key={run.id} run={run} onDeleted={() => setDeleted(run)} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
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
  const index = colourIndex(run);
  // What a person ticks answers at once; the rest of the row may come a moment later.
  const isShown = useLab(({ runs }) => (runs[run.id] ?? run).shown);
  const isDrawn = useLab(({ recipe }) => isShown && isSameWorld(run.spec, recipe));
  const colour = isDrawn ? palette.runs[index] : palette.edge;
  const lead = run.seeds[0]?.at;
  const status =
    run.status === 'stopped' && lead ? words.runs.stoppedAt(placeText(lead)) : words.runs.status[run.status];
  const verdict =
    shared && run.digest ? (run.digest.startsWith(shared.digest) ? words.runs.same : words.runs.different) : null;
  return (
    <tr>
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
              strokeDasharray={runDashes[index].join(' ')}
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
        <Menu position="bottom-end" shadow="none">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={28} aria-label={words.runs.menu(run.name)}>
              …
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => laboratory.takeRecipe(run.id)}>
              {run.spec.changes.length > 0 ? words.runs.takeWithChanges : words.runs.take}
            </Menu.Item>
            <Menu.Item onClick={() => saveCsv(run)}>{words.runs.csv}</Menu.Item>
            <Menu.Item onClick={() => saveJson(run)}>{words.runs.json}</Menu.Item>
            <Menu.Item
              onClick={() => {
                laboratory.deleteRun(run.id);
                onDeleted();
              }}
            >
              {words.runs.remove}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </td>
    </tr>
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
