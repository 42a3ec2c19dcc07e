/** Small log-log plots as SVG text. */

export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}
export interface Plot {
  readonly title: string;
  /** With its unit. */
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly Line[];
}

const [width, height] = [640, 420];
const margin = { left: 72, right: 120, top: 44, bottom: 56 };
/** Told apart with any colour vision (Okabe and Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** @throws RangeError where a number is not positive: it has no place on a logarithmic axis */
export function plotSvg({ title, xLabel, yLabel, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0 || points.some(({ x, y }) => !(x > 0 && y > 0))) {
    throw new RangeError(`${title}: a logarithmic plot needs positive numbers.`);
  }
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const ys = ticks(Math.min(...points.map(({ y }) => y)), Math.max(...points.map(({ y }) => y)));
  const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const share = (value: number, all: readonly number[]) => {
    const [low, high] = [all[0], all.at(-1)!].map(Math.log);
    return high === low ? 0.5 : (Math.log(value) - low) / (high - low);
  };
  const left = (x: number) => round(margin.left + inner.width * share(x, xs));
  const top = (y: number) => round(margin.top + inner.height * (1 - share(y, ys)));
  const bottom = margin.top + inner.height;
  const right = margin.left + inner.width;

  const grid = [
    ...xs.map((x) => [
      `<line x1="${left(x)}" y1="${margin.top}" x2="${left(x)}" y2="${bottom}" class="grid"/>`,
      `<text x="${left(x)}" y="${bottom + 18}" text-anchor="middle">${x}</text>`,
    ]),
    ...ys.map((y) => [
      `<line x1="${margin.left}" y1="${top(y)}" x2="${right}" y2="${top(y)}" class="grid"/>`,
      `<text x="${margin.left - 8}" y="${top(y) + 4}" text-anchor="end">${tickName(y)}</text>`,
    ]),
  ].flat();
  const curves = lines.flatMap(({ name, points: own }, place) => {
    const colour = colours[place % colours.length];
    const last = own.at(-1)!;
    const path = own.map(({ x, y }) => `${left(x)},${top(y)}`).join(' ');
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...own.map(({ x, y }) => `<circle cx="${left(x)}" cy="${top(y)}" r="3.5" fill="${colour}"/>`),
      `<text x="${left(last.x) + 10}" y="${top(last.y) + 4}" style="fill: ${colour}">${escaped(name)}</text>`,
    ];
  });
  const middle = margin.top + inner.height / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    '<style>.grid { stroke: #d8d8d8; stroke-width: 1 } text { fill: #222 }</style>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${margin.left}" y="24" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    ...grid,
    ...curves,
    `<text x="${margin.left + inner.width / 2}" y="${height - 14}" text-anchor="middle">${escaped(xLabel)}</text>`,
    `<text x="18" y="${middle}" text-anchor="middle" transform="rotate(-90 18 ${middle})">${escaped(yLabel)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

/** 1, 2 and 5 times powers of ten, from the last not above `low` to the first not below `high`. */
export function ticks(low: number, high: number): number[] {
  const all: number[] = [];
  for (let exponent = -6; exponent <= 9; exponent++) {
    for (const digit of [1, 2, 5]) all.push(Number(`${digit}e${exponent}`));
  }
  const first = all.findLastIndex((tick) => tick <= low);
  const last = all.findIndex((tick) => tick >= high);
  return all.slice(Math.max(0, first), last === -1 ? all.length : Math.max(last, first + 1) + 1);
}

function tickName(value: number): string {
  return value >= 0.001 ? String(value) : value.toExponential();
}
function round(value: number): number {
  return Math.round(10 * value) / 10;
}
function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
