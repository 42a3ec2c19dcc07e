/**
 * Painters of the world and its map, in layers: ground, data, marks, what stands still, what moves. Numbers in, picture out; the
 * caller owns the canvas and the clock. Coordinates are the plane's or the scene's own, y up.
 */
import type { Shape } from '../environments/environment';
import type { EpisodeFrame, Stage, ViewMap } from '../metrics/view';
import { type Palette, viridis } from './palette';
import type { Range } from './scale';

/** From a frame's own coordinates to CSS pixels. */
export interface Frame {
  x(value: number): number;
  y(value: number): number;
  /** Pixels a unit along x and along y: equal where shape matters. */
  readonly scale: readonly [number, number];
  readonly box: readonly [left: number, top: number, width: number, height: number];
}
type Box = Frame['box'];
interface Bounds {
  readonly x: Range;
  readonly y: Range;
}

/** Fits `bounds` into `box`; `keepShape` uses one scale for both axes and centres what is left over. */
export function frameOf(bounds: Bounds, [left, top, width, height]: Box, keepShape: boolean): Frame {
  const [spanX, spanY] = [bounds.x[1] - bounds.x[0], bounds.y[1] - bounds.y[0]];
  let [scaleX, scaleY] = [width / spanX, height / spanY];
  if (keepShape) scaleX = scaleY = Math.min(scaleX, scaleY);
  const [usedWidth, usedHeight] = [spanX * scaleX, spanY * scaleY];
  const [offsetX, offsetY] = [left + (width - usedWidth) / 2, top + (height - usedHeight) / 2];
  return {
    x: (value) => offsetX + (value - bounds.x[0]) * scaleX,
    y: (value) => offsetY + (bounds.y[1] - value) * scaleY,
    scale: [scaleX, scaleY],
    box: [offsetX, offsetY, usedWidth, usedHeight],
  };
}
/** The plane's own rectangle. */
export function planeBounds({ x, y }: Stage): Bounds {
  return { x: [x.min, x.max], y: [y.min, y.max] };
}

export interface Marks {
  readonly ground: boolean;
  readonly arrows: boolean;
  readonly dots: boolean;
  readonly rings: boolean;
}

/** The smallest range that holds all finite values of a map; null where there are none. */
export function valuesRange(values: Float32Array): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** The value of every cell as colour, viridis from `range[0]` to `range[1]`; cells without a value stay clear. */
export function paintValues(
  context: CanvasRenderingContext2D,
  frame: Frame,
  stage: Stage,
  map: ViewMap,
  range: Range,
): void {
  const [columns, rows] = map.grid;
  const span = range[1] > range[0] ? range[1] - range[0] : 1;
  // Edges on whole pixels and shared by neighbours: no seams.
  const edgeX = (column: number) => Math.floor(frame.x(stage.x.min + (column * (stage.x.max - stage.x.min)) / columns));
  const edgeY = (row: number) => Math.floor(frame.y(stage.y.min + (row * (stage.y.max - stage.y.min)) / rows));
  for (let index = 0; index < map.values.length; index++) {
    const value = map.values[index];
    if (!Number.isFinite(value)) continue;
    const [red, green, blue] = viridis((value - range[0]) / span);
    context.fillStyle = `rgb(${red} ${green} ${blue})`;
    const [column, row] = [index % columns, Math.floor(index / columns)];
    const [left, top] = [edgeX(column), edgeY(row + 1)];
    context.fillRect(left, top, edgeX(column + 1) - left, edgeY(row) - top);
  }
}

/** Data states, as dots light on the dark ground of an unexplored value and dark on paper. */
export function paintDots(context: CanvasRenderingContext2D, frame: Frame, dots: Float32Array, colour: string): void {
  context.fillStyle = colour;
  for (let i = 0; i < dots.length; i += 2) context.fillRect(frame.x(dots[i]) - 1, frame.y(dots[i + 1]) - 1, 2, 2);
}

/** Episodes of the data as thin paths. */
export function paintTrajectories(
  context: CanvasRenderingContext2D,
  frame: Frame,
  trajectories: readonly Float32Array[],
  colour: string,
): void {
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  for (const path of trajectories) {
    context.beginPath();
    for (let i = 0; i < path.length; i += 2) {
      const [x, y] = [frame.x(path[i]), frame.y(path[i + 1])];
      // On a plane with an angle a path jumps from one edge to the other: that is no line.
      const jumps = i > 0 && Math.abs(x - frame.x(path[i - 2])) > frame.box[2] / 2;
      if (i === 0 || jumps) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.stroke();
  }
}

/** Drawn twice, dark and wide, then light and narrow, a line reads on paper, on ink and on every colour of viridis. */
const onAnyGround = [
  ['rgba(8, 12, 20, 0.75)', 3],
  ['#FFFFFF', 1.5],
] as const;

/** Arrows closer than this are a texture, not arrows. */
const arrowSpacing = 20;
/** Policy arrows and crossed rings of a thinned grid, drawn twice (dark, then light) so that they read on any ground. */
export function paintMarks(
  context: CanvasRenderingContext2D,
  frame: Frame,
  stage: Stage,
  map: ViewMap,
  marks: Marks,
): void {
  const [columns, rows] = map.grid;
  const cellWidth = ((stage.x.max - stage.x.min) / columns) * frame.scale[0];
  const cellHeight = ((stage.y.max - stage.y.min) / rows) * frame.scale[1];
  const stride = Math.max(1, Math.floor(arrowSpacing / Math.min(cellWidth, cellHeight) + 0.75));
  const reach = (stride * Math.min(cellWidth, cellHeight)) / 2;
  const isOn = { column: lattice(columns, stride), row: lattice(rows, stride) };
  for (const [colour, width] of onAnyGround) {
    const extra = width - 1.5;
    context.strokeStyle = colour;
    forEachCell(stage, map, (index, x, y, column, row) => {
      if (!isOn.column(column) || !isOn.row(row)) return;
      const [dx, dy] = [map.arrows[2 * index], map.arrows[2 * index + 1]];
      if (!Number.isFinite(dx)) return;
      const [centreX, centreY] = [frame.x(x), frame.y(y)];
      if (marks.arrows) arrow(context, centreX, centreY, dx * reach * 0.75, -dy * reach * 0.75, 1.5 + extra);
      if (marks.rings && map.outside[index] === 1)
        ring(context, centreX, centreY, Math.min(7, reach * 0.55), 1.25 + extra);
    });
  }
}

/** Every `stride`th of `count` cells, with even margins: the middle of each block, so that marks stand clear of walls and edges. */
function lattice(count: number, stride: number): (cell: number) => boolean {
  const marks = Math.max(1, Math.floor(count / stride));
  const first = Math.ceil((count - (marks - 1) * stride - 1) / 2);
  return (cell) => cell >= first && (cell - first) % stride === 0 && (cell - first) / stride < marks;
}

function forEachCell(
  { x: axisX, y: axisY }: Stage,
  { grid: [columns, rows] }: ViewMap,
  visit: (index: number, x: number, y: number, column: number, row: number) => void,
): void {
  for (let row = 0; row < rows; row++) {
    const y = axisY.min + ((row + 0.5) * (axisY.max - axisY.min)) / rows;
    for (let column = 0; column < columns; column++) {
      const x = axisX.min + ((column + 0.5) * (axisX.max - axisX.min)) / columns;
      visit(row * columns + column, x, y, column, row);
    }
  }
}

function arrow(context: CanvasRenderingContext2D, x: number, y: number, dx: number, dy: number, width: number): void {
  const length = Math.sqrt(dx * dx + dy * dy);
  context.lineWidth = width;
  context.lineCap = 'round';
  context.beginPath();
  if (length < 1.5) {
    context.arc(x, y, 0.75, 0, 2 * Math.PI);
    context.stroke();
    return;
  }
  const [tipX, tipY] = [x + dx, y + dy];
  context.moveTo(x - dx, y - dy);
  context.lineTo(tipX, tipY);
  const head = Math.min(5, length * 0.7);
  const [unitX, unitY] = [dx / length, dy / length];
  for (const side of [-1, 1]) {
    context.moveTo(tipX, tipY);
    context.lineTo(tipX - head * (unitX - side * unitY * 0.7), tipY - head * (unitY + side * unitX * 0.7));
  }
  context.stroke();
}

function ring(context: CanvasRenderingContext2D, x: number, y: number, radius: number, width: number): void {
  const diagonal = radius * Math.SQRT1_2;
  context.lineWidth = width;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.moveTo(x - diagonal, y + diagonal);
  context.lineTo(x + diagonal, y - diagonal);
  context.stroke();
}

/** What stands still or moves, in the frame of the scene, in the order given; what lies outside the frame is cut off. */
export function paintShapes(
  context: CanvasRenderingContext2D,
  frame: Frame,
  shapes: readonly Shape[],
  palette: Palette,
): void {
  context.save();
  context.beginPath();
  context.rect(...frame.box);
  context.clip();
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const shape of shapes) {
    if (shape.role === 'goal') {
      for (const [colour, width] of onAnyGround) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        outline(context, frame, shape);
        context.stroke();
      }
    } else paintSolid(context, frame, shape, palette);
  }
  context.restore();
}

function paintSolid(context: CanvasRenderingContext2D, frame: Frame, shape: Shape, palette: Palette): void {
  const colour = colourOf(shape.role, palette);
  context.fillStyle = colour;
  context.strokeStyle = colour;
  outline(context, frame, shape);
  switch (shape.shape) {
    case 'rectangle':
      context.fill();
      return;
    case 'circle':
      context.fill();
      // A light rim keeps a body apart from a ground of its own brightness.
      context.strokeStyle = '#FFFFFF';
      context.lineWidth = 1.5;
      if (shape.role === 'body') context.stroke();
      return;
    case 'rod':
      context.lineWidth = Math.max(3, shape.width * Math.min(...frame.scale));
      context.stroke();
      return;
    case 'path':
      context.lineWidth = 2;
      context.stroke();
      return;
    default:
      shape satisfies never;
  }
}

/** The current path becomes the shape's outline. */
function outline(context: CanvasRenderingContext2D, frame: Frame, shape: Shape): void {
  context.beginPath();
  switch (shape.shape) {
    case 'rectangle': {
      // On whole pixels: walls that touch leave no seam.
      const [x, y] = [Math.floor(frame.x(shape.from[0])), Math.floor(frame.y(shape.to[1]))];
      context.rect(x, y, Math.floor(frame.x(shape.to[0])) - x, Math.floor(frame.y(shape.from[1])) - y);
      return;
    }
    case 'circle': {
      const radius = Math.max(3, shape.radius * Math.min(...frame.scale));
      context.arc(frame.x(shape.at[0]), frame.y(shape.at[1]), radius, 0, 2 * Math.PI);
      return;
    }
    case 'rod':
      context.moveTo(frame.x(shape.from[0]), frame.y(shape.from[1]));
      context.lineTo(frame.x(shape.to[0]), frame.y(shape.to[1]));
      return;
    case 'path':
      for (const [x, y] of shape.points) context.lineTo(frame.x(x), frame.y(y));
      return;
    default:
      shape satisfies never;
  }
}

const bodyColour = '#E4591F';
function colourOf(role: Shape['role'], palette: Palette): string {
  switch (role) {
    case 'wall':
      return palette.hairline;
    case 'ground':
      return palette.edge;
    case 'body':
      return bodyColour;
    case 'pivot':
      return palette.ink;
    case 'force':
      return palette.accent;
    case 'goal':
      return 'transparent';
    default:
      return role satisfies never;
  }
}

/** Where the watched episode has been on the plane, dashed, up to `frames[last]`. */
export function paintTrail(
  context: CanvasRenderingContext2D,
  frame: Frame,
  frames: readonly EpisodeFrame[],
  first: number,
  last: number,
): void {
  const start = Math.max(0, first);
  for (const [colour, width] of onAnyGround) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash([4, 4]);
    context.beginPath();
    for (let i = start; i <= last; i++) {
      const [x, y] = [frame.x(frames[i].at[0]), frame.y(frames[i].at[1])];
      const jumps = i > start && Math.abs(x - frame.x(frames[i - 1].at[0])) > frame.box[2] / 2;
      if (i === start || jumps) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.stroke();
    context.setLineDash([]);
  }
}

/** The watched state on a plane that is not the world itself. */
export function paintState(context: CanvasRenderingContext2D, frame: Frame, [x, y]: readonly [number, number]): void {
  context.beginPath();
  context.arc(frame.x(x), frame.y(y), 5, 0, 2 * Math.PI);
  context.fillStyle = bodyColour;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = '#FFFFFF';
  context.stroke();
}
