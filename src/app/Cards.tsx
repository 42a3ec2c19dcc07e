/** Data and regime, one line each, opened in place. */
import { type ReactNode, useMemo } from 'react';
import { shortNumber } from '../charts/scale';
import type { EvaluationValues } from '../spec/runFields';
import type { RunSpec } from '../spec/runSpec';
import { sentenceOf } from '../spec/sentence';
import { useCurrentRun, useKnobs, useLab } from './LabContext';
import { useShownRuns } from './ReturnPanel';
import { regimeOfView } from './runFacts';
import { executorName, placeText, words } from './words';

export function Cards({ onSpeed }: { onSpeed: () => void }) {
  return (
    <section className="cards" aria-label={words.landmarks.cards}>
      <DataCard />
      <RegimeCard />
      <MachineCard onSpeed={onSpeed} />
    </section>
  );
}

function Card({ title, line, children }: { title: string; line: ReactNode; children?: ReactNode }) {
  if (!children) {
    return (
      <div className="panel card">
        <h2>{title}</h2>
        <span className="card-line">{line}</span>
      </div>
    );
  }
  return (
    <details className="panel card">
      <summary>
        <h2>{title}</h2>
        <span className="card-line">{line}</span>
      </summary>
      <div className="card-body">{children}</div>
    </details>
  );
}

function DataCard() {
  const stage = useLab((state) => state.stage);
  const recipe = useKnobs();
  if (recipe.dataset.recipe === 'none') return <Card title={words.cards.data} line={words.cards.dataNone} />;
  const card = stage?.card;
  if (!card) return <Card title={words.cards.data} line={words.world.preparing} />;
  const { references } = card;
  return (
    <Card
      title={words.cards.data}
      line={words.cards.dataLine(
        dataWords(recipe),
        card.episodes,
        shortNumber(card.meanReturn),
        shortNumber(card.bestReturn),
      )}
    >
      <p>{card.sentence}</p>
      <ul>
        <li>
          J(D) {shortNumber(card.meanReturn)}, {words.cards.normalised(shortNumber(card.normalised))};{' '}
          {words.cards.references(
            shortNumber(references.random),
            shortNumber(references.reference),
            references.referenceName,
          )}
        </li>
        <li>{words.cards.coverage(percent(card.coverage.cells), percent(card.coverage.cellActions))}</li>
        <li>
          {words.cards.seed(card.seed)}, {words.cards.digest(card.digest.slice(0, 12))}
        </li>
      </ul>
      <Histogram returns={card.returns} mean={card.meanReturn} />
    </Card>
  );
}

/** "20,000 short hops", as the sentence says it. */
function dataWords(recipe: RunSpec): string {
  return sentenceOf(recipe).find(({ path }) => path === 'dataset.recipe')?.text ?? '';
}

const bins = 24;
/** How the returns of the data's episodes are spread; the mean is marked. */
function Histogram({ returns, mean }: { returns: readonly number[]; mean: number }) {
  const { counts, low, high } = useMemo(() => {
    const least = returns.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const most = returns.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const found = new Array<number>(bins).fill(0);
    for (const value of returns)
      found[Math.min(bins - 1, Math.floor(((value - least) / Math.max(1e-9, most - least)) * bins))]++;
    return { counts: found, low: least, high: most };
  }, [returns]);
  const tallest = Math.max(1, ...counts);
  const width = 240;
  const place = ((mean - low) / Math.max(1e-9, high - low)) * width;
  return (
    <figure className="histogram">
      <svg viewBox={`0 0 ${width} 44`} width={width} height={44} aria-hidden="true">
        {counts.map((number, i) => (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
            key={i}
            x={(i * width) / bins + 0.5}
            width={width / bins - 1}
            y={44 - (43 * number) / tallest}
            height={(43 * number) / tallest}
            fill="var(--edge)"
          />
        ))}
        <line x1={place} x2={place} y1={0} y2={44} stroke="var(--accent)" strokeWidth={2} />
      </svg>
      <figcaption>{words.cards.histogram(shortNumber(low), shortNumber(high))}</figcaption>
    </figure>
  );
}

function RegimeCard() {
  const current = useCurrentRun();
  const newest = useShownRuns().at(-1) ?? null;
  const recipe = useKnobs();
  const run = current ?? newest;
  const hasRegime = recipe.offline.updates > 0 && recipe.dataset.recipe !== 'none';
  // biome-ignore lint/correctness/useExhaustiveDependencies: results grow in place; the revision stands for them
  const regime = useMemo(() => (run ? regimeOfView(run) : null), [run?.id, run?.revision, run?.card, run?.references]);
  if (!hasRegime) return <Card title={words.cards.regime} line={words.cards.regimeNone} />;
  if (!regime) {
    const { regimeEpisodes } = recipe.evaluation as EvaluationValues;
    return <Card title={words.cards.regime} line={words.cards.regimeBefore(regimeEpisodes)} />;
  }
  const { label } = regime;
  const numbers = words.cards.numbers(
    shortNumber(regime.pretrained),
    shortNumber(regime.data),
    shortNumber(regime.difference),
    shortNumber(regime.interval[0]),
    shortNumber(regime.interval[1]),
    shortNumber(regime.normalisedDifference),
    shortNumber(regime.margin),
  );
  return (
    <Card
      title={words.cards.regime}
      line={
        <>
          <strong>{words.cards.regimeNames[label]}.</strong> {words.cards.regimeMeaning[label]}:{' '}
          {shortNumber(regime.pretrained)} against {shortNumber(regime.data)}
        </>
      }
    >
      <p>
        {words.cards.regimeMeaning[label]}: {numbers}.
      </p>
      <p>
        <em>{words.cards.rule}</em>: {words.cards.regimeAdvice[label]}
      </p>
      <p className="third">
        {words.cards.foot(regime.seeds, regime.episodes, regime.dataEpisodes)}{' '}
        {regime.seeds === 1 ? words.cards.oneSeed : ''}
      </p>
    </Card>
  );
}

/** Which executor trains, why, how fast it is here, and whether its bits repeat. */
function MachineCard({ onSpeed }: { onSpeed: () => void }) {
  const choice = useLab(({ recipe }) => recipe.executor);
  const run = useCurrentRun();
  const test = (
    <button type="button" className="toggle" onClick={onSpeed}>
      {words.machine.test}
    </button>
  );
  if (!run?.executor) {
    const line = choice === 'auto' ? words.machine.beforeAuto : words.machine.before(executorName(choice));
    return (
      <Card title={words.machine.title} line={line}>
        {test}
      </Card>
    );
  }
  const { id, why, reproducible, staleness, resumedAt } = run.executor;
  const rate = run.updatesPerSecond === null ? null : shortNumber(run.updatesPerSecond);
  return (
    <Card
      title={words.machine.title}
      line={
        <span title={rate === null ? undefined : words.machine.rateHelp}>
          {words.machine.line(executorName(id), rate)}
        </span>
      }
    >
      <ul>
        <li>{why}</li>
        {resumedAt && <li>{words.machine.resumed(placeText(resumedAt), executorName(id))}</li>}
        <li>{reproducible ? words.machine.same : words.machine.differs}</li>
        {staleness > 1 && <li>{words.machine.stale(staleness)}</li>}
      </ul>
      {test}
    </Card>
  );
}

function percent(share: number): string {
  return `${shortNumber(100 * share)} %`;
}
