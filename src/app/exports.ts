/** Files a person takes away: curves as CSV, a run as JSON, the chart as a picture. Made here, never sent anywhere. */
import { curvesToCsv } from '../metrics/csv';
import { runReport } from '../metrics/report';
import { encodeLink } from '../spec/link';
import type { RunView } from '../store/runsSlice';
import { regimeOfView } from './runFacts';

export function saveFile(name: string, type: string, content: string | Blob): void {
  const address = URL.createObjectURL(typeof content === 'string' ? new Blob([content], { type }) : content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The download has begun by the next turn; keeping the address would keep the bytes.
  setTimeout(() => URL.revokeObjectURL(address), 0);
}

/** A run's name as a file name any system takes: "regime-lab-stitching.csv". */
export function fileName(name: string, extension: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[^\w-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase();
  return `regime-lab-${plain || 'run'}.${extension}`;
}

export function saveCsv(run: RunView): void {
  const results = run.curves.map(({ result }) => result);
  saveFile(fileName(run.name, 'csv'), 'text/csv', curvesToCsv(run.name, results));
}

export function saveJson(run: RunView): void {
  const report = runReport({
    spec: run.spec,
    link: encodeLink(run.spec, run.digest ? { digest: run.digest } : {}),
    executor: run.executor?.id ?? '',
    references: run.references,
    card: run.card,
    regime: regimeOfView(run),
    results: run.curves.map(({ result }) => result),
  });
  saveFile(fileName(run.name, 'json'), 'application/json', JSON.stringify(report, null, 2));
}

/** The chart as it stands: its layers painted over each other on paper, at twice the size. */
export async function saveChartPicture(frame: HTMLElement, name: string, ground: string): Promise<void> {
  const ratio = 2;
  const { width, height, left, top } = frame.getBoundingClientRect();
  const canvas = document.createElement('canvas');
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext('2d');
  if (!context) return;
  context.scale(ratio, ratio);
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  for (const layer of frame.querySelectorAll('canvas, svg')) {
    const box = layer.getBoundingClientRect();
    const image = layer instanceof HTMLCanvasElement ? layer : await svgImage(layer as SVGSVGElement);
    context.drawImage(image, box.left - left, box.top - top, box.width, box.height);
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob) saveFile(fileName(name, 'png'), 'image/png', blob);
}

async function svgImage(svg: SVGSVGElement): Promise<HTMLImageElement> {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  // Alone, the picture has no style sheet: the font comes along.
  copy.style.fontFamily = getComputedStyle(svg).fontFamily;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}
