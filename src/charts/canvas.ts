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

/**
 * Pictures of what rarely changes, one a name: painted again only where something it is made of is another thing than before, else
 * copied as they are. All are as large and as sharp as the canvas they are drawn on.
 */
export class Pictures {
  private readonly kept = new Map<string, { readonly canvas: HTMLCanvasElement; madeOf: readonly unknown[] }>();

  /** `paint` draws in the same CSS pixels as `context` does. */
  draw(
    context: CanvasRenderingContext2D,
    name: string,
    madeOf: readonly unknown[],
    paint: (context: CanvasRenderingContext2D) => void,
  ): void {
    const { width, height } = context.canvas;
    const all = [width, height, ...madeOf];
    const picture = this.kept.get(name) ?? { canvas: document.createElement('canvas'), madeOf: [] };
    this.kept.set(name, picture);
    const isSame = all.length === picture.madeOf.length && all.every((part, i) => part === picture.madeOf[i]);
    if (!isSame) {
      picture.madeOf = all;
      // Setting the size clears it.
      picture.canvas.width = width;
      picture.canvas.height = height;
      const own = picture.canvas.getContext('2d');
      if (!own) return;
      own.setTransform(context.getTransform());
      paint(own);
    }
    context.save();
    context.resetTransform();
    context.drawImage(picture.canvas, 0, 0);
    context.restore();
  }

  /** Lets go of all pictures but these. */
  forgetOthers(names: readonly string[]): void {
    for (const name of this.kept.keys()) if (!names.includes(name)) this.kept.delete(name);
  }
}
