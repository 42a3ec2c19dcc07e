/** The Lab: header, recipe, transport, chart and world, instruments and cards, runs; the settings push from the left. */
import { Button } from '@mantine/core';
import { lazy, Suspense, useMemo, useState } from 'react';
import type { Marks } from '../charts/world';
import { Cards } from './Cards';
import { EndLine } from './EndLine';
import { Header } from './Header';
import { Instruments } from './Instruments';
import { useLaboratory } from './LabContext';
import { Messages } from './Messages';
import { ReturnPanel } from './ReturnPanel';
import { RunTable } from './RunTable';
import { Sentence } from './Sentence';
import { SweepPanel } from './SweepPanel';
import { LatestMetrics, Transport } from './Transport';
import { useAddress } from './useAddress';
import { useKeyboard } from './useKeyboard';
import { usePreference } from './usePreference';
import { WorldPanel } from './WorldPanel';
import { words } from './words';

const Settings = lazy(() => import('./Settings'));
const SpeedPage = lazy(() => import('./SpeedPage'));

/** What the `L` key steps through. */
const looks: readonly Marks[] = [
  { ground: true, arrows: true, rings: true, dots: false },
  { ground: true, arrows: false, rings: false, dots: false },
  { ground: true, arrows: false, rings: false, dots: true },
  { ground: false, arrows: true, rings: true, dots: true },
];

export function App() {
  const laboratory = useLaboratory();
  const [settingsOpen, setSettingsOpen] = useState(false);
  const [findRequest, setFindRequest] = useState(0);
  const [shareOpen, setShareOpen] = useState(false);
  const [keysOpen, setKeysOpen] = useState(false);
  const [isProjector, setIsProjector] = useState(false);
  const [singleKeys, setSingleKeys] = usePreference('single-keys', true);
  const [marks, setMarks] = useState<Marks>(looks[0]);
  const [screen, go] = useAddress(laboratory);
  const actions = useMemo(
    () => ({
      ' ': () => laboratory.runOrPause(),
      '.': () => laboratory.step(false),
      'Shift .': () => laboratory.step(true),
      '[': () => changeSpeed(laboratory, 1),
      ']': () => changeSpeed(laboratory, -1),
      r: () => laboratory.reset(),
      n: () => laboratory.newSeeds(),
      e: () => setSettingsOpen((open) => !open),
      s: () => setShareOpen((open) => !open),
      g: () => document.getElementById('preset')?.focus(),
      l: () => setMarks((before) => looks[(looks.indexOf(before) + 1) % looks.length]),
      h: () => hideOthers(laboratory),
      '/': () => {
        setSettingsOpen(true);
        setFindRequest((before) => before + 1);
      },
      p: () => setIsProjector((on) => !on),
      m: () => go('speed'),
      '?': () => setKeysOpen((open) => !open),
      ...Object.fromEntries(Array.from({ length: 6 }, (_, i) => [String(i + 1), () => toggleRun(laboratory, i)])),
    }),
    [laboratory, go],
  );
  useKeyboard(singleKeys, screen === 'lab' ? actions : noActions);
  const openSettings = () => {
    setFindRequest(0);
    setSettingsOpen(true);
  };
  if (screen === 'speed') {
    return (
      <div className="lab">
        <Suspense fallback={null}>
          <SpeedPage
            onClose={() => {
              go('lab');
              returnFocus('speed-link');
            }}
          />
        </Suspense>
      </div>
    );
  }
  return (
    <div className={`lab${settingsOpen ? ' with-settings' : ''}${isProjector ? ' projector' : ''}`}>
      {settingsOpen && (
        <Suspense fallback={null}>
          <Settings onClose={() => setSettingsOpen(false)} findRequest={findRequest} />
        </Suspense>
      )}
      <div className="page">
        <Header
          shareOpen={shareOpen}
          onShare={setShareOpen}
          onSettings={openSettings}
          onSpeed={() => go('speed')}
          keys={{ opened: keysOpen, onChange: setKeysOpen, singleKeys, onSingleKeys: setSingleKeys }}
        />
        <main>
          <section className="recipe" aria-label={words.landmarks.recipe}>
            <Sentence onOpenSettings={openSettings} />
            <button
              type="button"
              className="sentence-sheet"
              aria-label={words.recipe.edit}
              tabIndex={-1}
              onClick={openSettings}
            />
            <Button
              variant="default"
              aria-expanded={settingsOpen}
              onClick={() => (settingsOpen ? setSettingsOpen(false) : openSettings())}
            >
              {words.recipe.allSettings}
            </Button>
          </section>
          <Transport />
          <Messages />
          <LatestMetrics />
          <div className="stage">
            <ReturnPanel />
            <div className="after-curve">
              <EndLine />
              <SweepPanel />
            </div>
            <WorldPanel marks={marks} onMarks={setMarks} />
            <Instruments />
            <Cards onSpeed={() => go('speed')} />
            <RunTable />
          </div>
        </main>
      </div>
    </div>
  );
}

const noActions = {};
/** Once the Lab is drawn again, what opened the other screen has the focus. */
function returnFocus(id: string): void {
  const wait = () => {
    const element = document.getElementById(id);
    if (element) element.focus();
    else requestAnimationFrame(wait);
  };
  requestAnimationFrame(wait);
}

type Laboratory = ReturnType<typeof useLaboratory>;

/** One notch slower (+1) or faster (−1). */
function changeSpeed(laboratory: Laboratory, by: number): void {
  const { speeds } = words.transport;
  const now = speeds.findIndex(({ value }) => value === laboratory.store.getState().updatesPerSecond);
  const next = speeds[Math.min(speeds.length - 1, Math.max(0, now + by))];
  laboratory.setSpeed(next.value);
}

function newestFirst(laboratory: Laboratory) {
  return Object.values(laboratory.store.getState().runs).sort((a, b) => b.order - a.order);
}
function toggleRun(laboratory: Laboratory, place: number): void {
  const run = newestFirst(laboratory)[place];
  if (run) laboratory.store.getState().runShown(run.id, !run.shown);
}
/** Hides all but the newest shown run; again, shows them. */
function hideOthers(laboratory: Laboratory): void {
  const [newest, ...others] = newestFirst(laboratory);
  if (!newest) return;
  const areHidden = others.every(({ shown }) => !shown);
  for (const { id } of others.slice(0, 5)) laboratory.store.getState().runShown(id, areHidden);
}
