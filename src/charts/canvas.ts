/** A canvas as sharp as the screen, cleared and scaled so that drawing is in CSS pixels. Null where there is none to draw on. */
export function prepareCanvas(
  canvas: HTMLCanvasElement | null,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  const context = canvas?.getContext('2d');
  if (!canvas || !context || width <= 0 || height <= 0) return null;
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  const [deviceWidth, deviceHeight] = [Math.floor(width * ratio), Math.floor(height * ratio)];
  // Setting the size clears and reallocates, so only when it changed.
  if (canvas.width !== deviceWidth || canvas.height !== deviceHeight) {
    canvas.width = deviceWidth;
    canvas.height = deviceHeight;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Diagonal hatching of a rectangle: the mark of "frozen", "not all seeds" and "no policy can earn this". */
export function hatch(
  context: CanvasRenderingContext2D,
  [x, y, width, height]: readonly [number, number, number, number],
  colour: string,
  spacing = 7,
  opacity = 0.35,
): void {
  if (width <= 0 || height <= 0) return;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.globalAlpha = opacity;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let offset = -height; offset < width; offset += spacing) {
    context.moveTo(x + offset, y + height);
    context.lineTo(x + offset + height, y);
  }
  context.stroke();
  context.restore();
}
