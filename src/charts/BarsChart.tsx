/** Horizontal bars of one measure, each with its words; a mark where a ceiling is known. Numbers in, picture out. */

export interface Bar {
  readonly id: string;
  readonly label: string;
  /** From 0 to `most`. */
  readonly value: number;
  /** The number, as it is written at the bar's end. */
  readonly text: string;
  readonly colour: string;
  /** What nothing of its kind can pass, as measured; drawn as a line across the bar. */
  readonly ceiling?: { readonly value: number; readonly text: string };
}

/** @param label  what the figure shows, for those who do not see it; the numbers must stand in a table beside it */
export function BarsChart({ label, bars, most }: { label: string; bars: readonly Bar[]; most: number }) {
  const part = (value: number) => `${100 * Math.min(1, Math.max(0, value / most))}%`;
  return (
    <figure className="bars" aria-label={label}>
      {bars.map(({ id, label: name, value, text, colour, ceiling }) => (
        <div key={id} className="bars-row" aria-hidden="true">
          <span className="bars-name">{name}</span>
          <span className="bars-track">
            <span className="bars-fill" style={{ width: part(value), background: colour }} />
            {ceiling && <span className="bars-ceiling" style={{ left: part(ceiling.value) }} title={ceiling.text} />}
          </span>
          <span className="bars-text">{text}</span>
        </div>
      ))}
    </figure>
  );
}
