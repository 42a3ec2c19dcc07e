/** "How fast is your machine?": the lab's update on every executor that is present here, timed in turns, in words, bars and numbers. */
import './speed.css';
import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { type Bar, BarsChart } from '../charts/BarsChart';
import type { Palette } from '../charts/palette';
import { shortNumber } from '../charts/scale';
import { isTraining } from '../store/laboratory';
import { SpeedBench, type SpeedReport, type SpeedRow, type SpeedSkip, type SpeedState } from '../store/speed';
import { useLab, useLaboratory } from './LabContext';
import {
  deviceText,
  millisecondsText,
  reportText,
  rowsAt,
  shareText,
  sizesOf,
  sizeText,
  stageText,
} from './speedFacts';
import { usePalette } from './usePalette';
import { executorName, words } from './words';

/** Lives as long as the page, so that a result is still there when the screen is opened again. */
const bench = new SpeedBench();

/** Of the peak, with what a quiet machine's clock may err. More is no speed but a disturbance. */
const mostShare = 1.05;

export default function SpeedPage({ onClose }: { onClose: () => void }) {
  const laboratory = useLaboratory();
  const state = useStore(bench.store);
  const isShared = useLab(isTraining);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    // A test that nobody sees would only slow what they do instead.
    return () => bench.cancel();
  }, []);
  useEffect(() => {
    const listen = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') onClose();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [onClose]);
  const isRunning = state.status === 'running';
  const start = () => void bench.start();
  return (
    <div className="speed-page">
      <header className="header">
        <Button variant="default" onClick={onClose}>
          ← {words.speed.back}
        </Button>
      </header>
      <main>
        <h1 ref={heading} tabIndex={-1}>
          {words.speed.title}
        </h1>
        <p>{words.speed.explanation}</p>
        {isShared && !isRunning ? (
          <div className="bar" role="status">
            <p>{words.speed.competes}</p>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                laboratory.pause();
                start();
              }}
            >
              {words.speed.pauseAndStart}
            </Button>
            <Button size="compact-sm" variant="default" onClick={start}>
              {words.speed.startAnyway}
            </Button>
          </div>
        ) : (
          <div className="speed-buttons">
            {isRunning ? (
              <Button variant="default" onClick={() => bench.cancel()}>
                {words.speed.cancel}
              </Button>
            ) : (
              <Button onClick={start}>{state.status === 'idle' ? words.speed.start : words.speed.again}</Button>
            )}
          </div>
        )}
        <Status state={state} isShared={isShared} />
        {state.rows.length > 0 && <Results rows={state.rows} />}
        {state.rows.some(({ shareOfPeak }) => (shareOfPeak ?? 0) > mostShare) && (
          <p className="speed-note watch">{words.speed.disturbed}</p>
        )}
        {state.skipped.length > 0 && <Skipped skipped={state.skipped} />}
        {state.report && <Machine report={state.report} />}
      </main>
    </div>
  );
}

/** `isShared`: training goes on beside the test. */
function Status({ state, isShared }: { state: SpeedState; isShared: boolean }) {
  const { status, share, stage, rows, reason } = state;
  const percent = Math.round(100 * share);
  if (status === 'failed') {
    return (
      <div className="bar" role="alert">
        <p>{words.speed.failed(reason.replace(/\.$/, ''))}</p>
      </div>
    );
  }
  const text = {
    idle: words.speed.idle,
    running: stageText(stage),
    finished: words.speed.finished,
    cancelled: rows.length > 0 ? words.speed.cancelledWithRows : words.speed.cancelled,
  }[status];
  return (
    <>
      {status === 'running' && (
        <div
          className="speed-progress"
          role="progressbar"
          aria-label={words.speed.progress}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percent}
          aria-valuetext={`${percent} %, ${text}`}
        >
          <div className="progress-track">
            <div className="progress-fill" style={{ width: `${percent}%` }} />
          </div>
        </div>
      )}
      <p className="speed-status third" role="status">
        {text}
        {status === 'running' && isShared && ` ${words.speed.sharing}`}
      </p>
    </>
  );
}

function Results({ rows }: { rows: readonly SpeedRow[] }) {
  const palette = usePalette();
  return sizesOf(rows).map((size) => {
    const own = rowsAt(rows, size);
    const title = sizeText(size);
    return (
      <section key={title} className="panel speed-size" aria-label={title}>
        <div className="panel-head">
          <h2>{title}</h2>
          <span className="unit">{words.speed.what}</span>
        </div>
        <BarsChart
          label={words.speed.ratesOf(title)}
          bars={ratesOf(own, palette)}
          most={Math.max(...own.map(({ updatesPerSecond }) => updatesPerSecond))}
        />
        <Roofline rows={own} palette={palette} />
        <SpeedTable rows={own} title={title} />
      </section>
    );
  });
}

/** The lab's own executors stand out; the peers are grey. */
function colourOf({ executor }: SpeedRow, palette: Palette): string {
  return executor.startsWith('tfjs-') ? palette.edge : executor === 'webgpu' ? palette.runs[1] : palette.runs[0];
}
function ratesOf(rows: readonly SpeedRow[], palette: Palette): readonly Bar[] {
  return rows.map((row) => ({
    id: row.executor,
    label: executorName(row.executor),
    value: row.updatesPerSecond,
    text: words.speed.rate(shortNumber(row.updatesPerSecond)),
    colour: colourOf(row, palette),
  }));
}

/** Matrix arithmetic against the fastest the same core or device could do, as parts of that. */
function Roofline({ rows, palette }: { rows: readonly SpeedRow[]; palette: Palette }) {
  const bars = rows.flatMap((row): Bar[] => {
    if (row.gigaflops === null || row.shareOfPeak === null) return [];
    const text = words.speed.share(shortNumber(row.gigaflops), shareText(row.shareOfPeak));
    return [
      {
        id: row.executor,
        label: executorName(row.executor),
        value: row.shareOfPeak,
        text,
        colour: colourOf(row, palette),
        ceiling: { value: 1, text },
      },
    ];
  });
  if (bars.length === 0) return null;
  return (
    <>
      <p className="speed-caption third">{words.speed.roofline}</p>
      <BarsChart label={words.speed.roofline} bars={bars} most={1.15} />
    </>
  );
}

function SpeedTable({ rows, title }: { rows: readonly SpeedRow[]; title: string }) {
  const { head } = words.speed;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keyboard inside its own box
    <section className="table-box" tabIndex={0} aria-label={words.speed.table(title)}>
      <table className="sweep-table">
        <thead>
          <tr>
            {Object.entries(head).map(([key, label]) => (
              <th key={key} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ executor, medianMs, lowMs, highMs, timesWasm, updatesPerSecond, gigaflops, shareOfPeak }) => (
            <tr key={executor}>
              <th scope="row">{executorName(executor)}</th>
              <td title={words.chart.interval(millisecondsText(lowMs), millisecondsText(highMs))}>
                {millisecondsText(medianMs)}
              </td>
              <td>{timesWasm === null ? words.runs.dash : `× ${shortNumber(timesWasm)}`}</td>
              <td>{shortNumber(updatesPerSecond)}</td>
              <td>{gigaflops === null ? words.runs.dash : shortNumber(gigaflops)}</td>
              <td>{shareText(shareOfPeak)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Skipped({ skipped }: { skipped: readonly SpeedSkip[] }) {
  return (
    <ul className="speed-skipped">
      {skipped.map(({ executor, reason }) => (
        <li key={executor}>{words.speed.skipped(executorName(executor), reason.replace(/\.$/, ''))}</li>
      ))}
    </ul>
  );
}

function Machine({ report }: { report: SpeedReport }) {
  const [copied, setCopied] = useState<'text' | 'json' | 'refused' | null>(null);
  const copy = async (kind: 'text' | 'json') => {
    try {
      await navigator.clipboard.writeText(kind === 'text' ? reportText(report) : JSON.stringify(report, null, 2));
      setCopied(kind);
    } catch {
      // Without permission, or outside a secure page.
      setCopied('refused');
    }
  };
  return (
    <section className="speed-machine" aria-label={words.speed.machine}>
      <p>
        {report.machine}. {words.speed.deviceLine(deviceText(report))}{' '}
        {words.speed.peakLine(shortNumber(report.peak.gigaflops))}
        {report.devicePeak && ` ${words.speed.devicePeakLine(shortNumber(report.devicePeak.gigaflops))}`}
      </p>
      <div className="speed-buttons">
        <Button variant="default" onClick={() => void copy('text')}>
          {copied === 'text' ? words.share.copied : words.speed.copyText}
        </Button>
        <Button variant="default" onClick={() => void copy('json')}>
          {copied === 'json' ? words.share.copied : words.speed.copyJson}
        </Button>
      </div>
      {copied === 'refused' && (
        <p className="share-note" role="status">
          {words.speed.refused}
        </p>
      )}
    </section>
  );
}
