/** Run, pause, step, reset, seeds, speed and progress (product.md §4). */
import { ActionIcon, Button, Menu, NumberInput } from '@mantine/core';
import { type MouseEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { shortNumber } from '../charts/scale';
import type { RunSpec } from '../spec/runSpec';
import { currentRun, statusOf } from '../store/laboratory';
import type { RunView, SeedView } from '../store/runsSlice';
import { useCurrentRun, useCurrentRuns, useKnobs, useLab, useLaboratory } from './LabContext';
import { placeText, words } from './words';

export function Transport() {
  const laboratory = useLaboratory();
  const runs = useCurrentRuns();
  const status = statusOf(runs);
  const isStale = useLab((state) => state.currentId !== null && currentRun(state) === null);
  const isRunning = status === 'running';
  // After a sweep Run means one run of the recipe: nothing is run again.
  const label = isRunning
    ? words.transport.pause
    : isStale
      ? words.transport.asNew
      : status === 'finished' && !runs[0].sweep
        ? words.transport.again
        : words.transport.run;
  return (
    <section className="transport" aria-label={words.landmarks.transport}>
      <div className="transport-buttons">
        <Button
          className="run-button"
          variant={isRunning ? 'default' : 'filled'}
          leftSection={isRunning ? <PauseMark /> : <RunMark />}
          onClick={() => laboratory.runOrPause()}
        >
          {label}
        </Button>
        {isStale && (
          <Button variant="default" onClick={() => laboratory.undoEdit()}>
            {words.transport.undo}
          </Button>
        )}
        <ToolButton
          label={words.transport.step}
          title={words.transport.stepHelp}
          onClick={(event) => laboratory.step(event.shiftKey)}
        >
          <StepMark />
        </ToolButton>
        <ToolButton label={words.transport.reset} title={words.transport.resetHelp} onClick={() => laboratory.reset()}>
          <ResetMark />
        </ToolButton>
        <Button
          variant="default"
          className="wide-only"
          title={words.transport.newSeedsHelp}
          onClick={() => laboratory.newSeeds()}
        >
          {words.transport.newSeeds}
        </Button>
        <SeedCount />
        <ManySeeds />
        <Speed />
      </div>
      <Progress runs={runs} />
    </section>
  );
}

function ToolButton({
  label,
  title,
  onClick,
  children,
}: {
  label: string;
  title: string;
  onClick: (event: MouseEvent) => void;
  children: ReactNode;
}) {
  return (
    <Button variant="default" className="tool-button" title={title} leftSection={children} onClick={onClick}>
      <span className="tool-label">{label}</span>
    </Button>
  );
}

function SeedCount() {
  const laboratory = useLaboratory();
  const seeds = useKnobs().seeds.length;
  const [draft, setDraft] = useState<number | string>(seeds);
  useEffect(() => setDraft(seeds), [seeds]);
  const commit = () => {
    const wanted = Number(draft);
    if (Number.isInteger(wanted) && wanted >= 1 && wanted !== seeds) void laboratory.edit('seeds.count', wanted);
    else setDraft(seeds);
  };
  return (
    <NumberInput
      className="seed-count"
      aria-label={words.transport.seeds}
      title={words.transport.seedsHelp}
      value={draft}
      onChange={setDraft}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit();
      }}
      min={1}
      max={50}
      allowDecimal={false}
      allowNegative={false}
      hideControls
      leftSection={<SeedMark />}
    />
  );
}

/** Enough seeds for a narrow band, and as many replicas as one program trains at once. */
const manySeeds = 16;
function ManySeeds() {
  const laboratory = useLaboratory();
  return (
    <Button
      variant="default"
      className="wide-only"
      title={words.transport.manySeedsHelp(manySeeds)}
      onClick={() => laboratory.runSeeds(manySeeds)}
    >
      {words.transport.manySeeds(manySeeds)}
    </Button>
  );
}

function Speed() {
  const laboratory = useLaboratory();
  const speed = useLab((state) => state.updatesPerSecond);
  return (
    <select
      className="select speed"
      aria-label={words.transport.speed}
      value={speed}
      onChange={(event) => laboratory.setSpeed(Number(event.currentTarget.value))}
    >
      {words.transport.speeds.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** Both phases of the lead seed, the others as thin lines below, and what there is to know in words. */
function Progress({ runs }: { runs: readonly RunView[] }) {
  const laboratory = useLaboratory();
  const recipe = useLab((state) => state.recipe);
  const looked = useCurrentRun();
  const run = runs.length === 0 ? null : looked;
  const lead = run?.seeds[0] ?? null;
  const others = runs.flatMap(({ seeds }) => seeds).filter((seed) => seed !== lead);
  const left = useTimeLeft(runs);
  const text = progressText(run, runs, recipe);
  const isOver = !run || statusOf(runs) === 'finished';
  return (
    <div className="progress">
      <div
        className="progress-bar"
        role="progressbar"
        aria-label={words.transport.progress}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(100 * fractionDone(lead, recipe))}
        aria-valuetext={text}
      >
        {(['offline', 'online'] as const).map((phase) => {
          const budget = phase === 'offline' ? recipe.offline.updates : recipe.online.steps;
          return budget === 0 ? null : (
            <div key={phase} className={`progress-phase ${phase}`}>
              <div className="progress-track">
                <div className="progress-fill" style={{ width: `${100 * phaseDone(lead, phase, recipe)}%` }} />
              </div>
              {others.length > 0 && (
                <div className="progress-track thin">
                  <div className="progress-fill" style={{ width: `${100 * othersDone(others, phase, recipe)}%` }} />
                </div>
              )}
            </div>
          );
        })}
      </div>
      <span className="progress-text">{text}</span>
      {left !== null && <span className="progress-left">{words.transport.left(left)}</span>}
      <Menu position="bottom-end" shadow="none">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={32} aria-label={words.transport.more}>
            …
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!run?.sweep && (
            <Menu.Item disabled={isOver} onClick={() => void laboratory.finishNow()}>
              {words.transport.finish}
              <span className="menu-help">{words.transport.finishHelp}</span>
            </Menu.Item>
          )}
          <Menu.Item disabled={isOver} onClick={() => laboratory.end()}>
            {words.transport.stop}
            <span className="menu-help">{words.transport.stopHelp}</span>
          </Menu.Item>
          <PhoneItems />
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

/** On a phone the foot has no room for these; the number of seeds is in the settings sheet. */
function PhoneItems() {
  const laboratory = useLaboratory();
  const speed = useLab((state) => state.updatesPerSecond);
  return (
    <div className="phone-only menu-group">
      <Menu.Item onClick={() => laboratory.newSeeds()}>
        {words.transport.newSeeds}
        <span className="menu-help">{words.transport.newSeedsHelp}</span>
      </Menu.Item>
      <Menu.Item onClick={() => laboratory.runSeeds(manySeeds)}>
        {words.transport.manySeeds(manySeeds)}
        <span className="menu-help">{words.transport.manySeedsHelp(manySeeds)}</span>
      </Menu.Item>
      <Menu.Label>{words.transport.speed}</Menu.Label>
      {words.transport.speeds.map(({ value, label }) => (
        <Menu.Item
          key={value}
          role="menuitemradio"
          aria-checked={value === speed}
          rightSection={value === speed ? '✓' : null}
          onClick={() => laboratory.setSpeed(value)}
        >
          {label}
        </Menu.Item>
      ))}
    </div>
  );
}

function progressText(run: RunView | null, runs: readonly RunView[], recipe: RunSpec): string {
  if (!run) return words.transport.notStarted;
  if (!run.sweep) return placeOfRun(run, recipe);
  if (statusOf(runs) === 'finished') return words.transport.finished;
  const done = runs.filter(({ status }) => status === 'finished').length;
  const leader = runs.find(
    ({ status, seeds }) => status !== 'finished' && seeds.some(({ state }) => state !== 'queued'),
  );
  return words.transport.sweepDone(done, runs.length, leader ? placeOfRun(leader, recipe) : null);
}
function placeOfRun(run: RunView, recipe: RunSpec): string {
  const lead = run.seeds[0];
  if (lead.preparing) {
    const { what, done, of } = lead.preparing;
    return of === 0 ? words.transport.opening : words.transport.preparing(what, Math.round((100 * done) / of));
  }
  if (run.status === 'finished') return words.transport.finished;
  if (lead.state === 'ended') {
    return words.transport.seedsDone(run.seeds.filter(({ state }) => state === 'ended').length, run.seeds.length);
  }
  return lead.at
    ? placeText(lead.at)
    : placeText({ phase: recipe.offline.updates > 0 ? 'offline' : 'online', step: 0 });
}

function phaseDone(seed: SeedView | null, phase: 'offline' | 'online', spec: RunSpec): number {
  if (!seed?.at) return 0;
  const budget = phase === 'offline' ? spec.offline.updates : spec.online.steps;
  if (seed.at.phase === phase) return Math.min(1, seed.at.step / budget);
  return phase === 'offline' ? 1 : 0;
}
function othersDone(seeds: readonly SeedView[], phase: 'offline' | 'online', spec: RunSpec): number {
  return seeds.reduce((sum, seed) => sum + phaseDone(seed, phase, spec), 0) / Math.max(1, seeds.length);
}
function fractionDone(seed: SeedView | null, spec: RunSpec): number {
  const phases = (['offline', 'online'] as const).filter(
    (phase) => (phase === 'offline' ? spec.offline.updates : spec.online.steps) > 0,
  );
  return phases.reduce((sum, phase) => sum + phaseDone(seed, phase, spec), 0) / Math.max(1, phases.length);
}

/** Seconds until every seed is done, from the speed of the last few seconds; null while it is not known or nothing runs. */
function useTimeLeft(runs: readonly RunView[]): number | null {
  const marks = useRef<{ id: string; points: { time: number; done: number }[] }>({ id: '', points: [] });
  if (statusOf(runs) !== 'running') {
    marks.current.points = [];
    return null;
  }
  const all = runs.flatMap(({ seeds, spec }) => seeds.map((seed) => ({ seed, spec })));
  const done = all.reduce((sum, { seed, spec }) => sum + (seed.state === 'ended' ? 1 : fractionDone(seed, spec)), 0);
  const time = performance.now();
  if (marks.current.id !== runs[0].id) marks.current = { id: runs[0].id, points: [] };
  const { points } = marks.current;
  if (points.length === 0 || time - points[points.length - 1].time > 500) points.push({ time, done });
  if (points.length > 16) points.shift();
  const first = points[0];
  if (time - first.time < 1500 || done <= first.done) return null;
  return ((all.length - done) * (time - first.time)) / (done - first.done) / 1000;
}

/** The newest losses of the lead seed, as numbers: what one Step changed. */
export function LatestMetrics() {
  const run = useCurrentRun();
  if (run?.status !== 'paused') return null;
  const entries = Object.entries(run.seeds[0].latest);
  if (entries.length === 0) return null;
  return (
    <p className="latest" role="status">
      {entries.map(([name, value]) => (
        <span key={name}>
          {spaced(name)} <strong>{shortNumber(value)}</strong>
        </span>
      ))}
    </p>
  );
}
/** "criticLoss" → "critic loss". */
function spaced(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

function RunMark() {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path d="M2 1 L11 6 L2 11 Z" fill="currentColor" />
    </svg>
  );
}
function PauseMark() {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path d="M2 1 H5 V11 H2 Z M7 1 H10 V11 H7 Z" fill="currentColor" />
    </svg>
  );
}
function StepMark() {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path d="M1 1 L8 6 L1 11 Z M9 1 H11 V11 H9 Z" fill="currentColor" />
    </svg>
  );
}
function ResetMark() {
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path d="M11 1 L4 6 L11 11 Z M1 1 H3 V11 H1 Z" fill="currentColor" />
    </svg>
  );
}
function SeedMark() {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <circle cx="4" cy="4" r="2.5" fill="var(--third)" />
      <circle cx="10" cy="4" r="2.5" fill="var(--third)" opacity="0.6" />
      <circle cx="7" cy="10" r="2.5" fill="var(--third)" opacity="0.8" />
    </svg>
  );
}
