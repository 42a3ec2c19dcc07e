/**
 * The best rate at which a WebGPU device multiplies matrices with plain tiled WGSL, to measure whole updates against.
 * 32-bit floats, a tile of results in each invocation's registers, operands staged through workgroup memory or read in place:
 * the first suits a graphics processor, the second a program that plays one.
 */

export interface DevicePeak {
  readonly gigaflops: number;
  /** Side of the square matrices, and the tile that reached it. */
  readonly size: number;
  readonly tile: Tile;
}
/** A workgroup of `threads`×`threads` invocations, each with `rows`×`columns` results. */
export interface Tile {
  readonly threads: number;
  readonly rows: number;
  /** A multiple of four: results are vectors. */
  readonly columns: number;
  /** Whether operands go through workgroup memory. */
  readonly isStaged: boolean;
}
export const tiles: readonly Tile[] = [
  { threads: 4, rows: 8, columns: 8, isStaged: false },
  { threads: 4, rows: 8, columns: 4, isStaged: false },
  { threads: 8, rows: 4, columns: 8, isStaged: false },
  { threads: 8, rows: 2, columns: 4, isStaged: true },
  { threads: 8, rows: 4, columns: 4, isStaged: true },
  { threads: 16, rows: 4, columns: 4, isStaged: true },
  { threads: 16, rows: 8, columns: 4, isStaged: true },
  { threads: 8, rows: 8, columns: 8, isStaged: true },
];
/** The published width, and one that fills a large device. Both are multiples of every tile. */
const sizes = [256, 2048] as const;
/** Of the inner dimension, staged at a time. */
const depth = 16;
/** Milliseconds of one timing: long enough to hide the submission. */
const turnMilliseconds = 60;
const trials = 3;
/** A tile this many times as slow as another needs no further trial. */
const hopeless = 1.5;
/** Below this rate a device is software, which the larger size would only keep busy for long. */
const slowGigaflops = 50;

/**
 * Tries each tile at both sizes and takes the fastest trial of all.
 *
 * @param clock  milliseconds, of which fractions count
 */
export async function devicePeak(device: GPUDevice, clock: () => number): Promise<DevicePeak> {
  let best: DevicePeak | null = null;
  for (const size of sizes) {
    if (best !== null && best.gigaflops < slowGigaflops) break;
    const buffers = ['a', 'b', 'out'].map(() =>
      device.createBuffer({ size: 4 * size * size, usage: bufferUsage.storage | bufferUsage.copyDestination }),
    );
    let fastest = Number.POSITIVE_INFINITY;
    // Ordinary numbers: multiplying zeros is not what an update does.
    for (const buffer of buffers) device.queue.writeBuffer(buffer, 0, new Float32Array(size * size).fill(0.5));
    for (const tile of tiles) {
      if (tile.threads * tile.threads > device.limits.maxComputeInvocationsPerWorkgroup) continue;
      const time = await createTrial(device, buffers, size, tile, clock);
      const once = await time(1);
      fastest = Math.min(fastest, once);
      if (once > hopeless * fastest) continue;
      const calls = Math.max(1, Math.min(1000, Math.round(turnMilliseconds / once)));
      for (let trial = 0; trial < trials; trial++) {
        const gigaflops = (2 * size * size * size * calls) / (await time(calls)) / 1e6;
        if (best === null || gigaflops > best.gigaflops) best = { gigaflops, size, tile };
      }
    }
    for (const buffer of buffers) buffer.destroy();
  }
  if (best === null) throw new Error('The device runs no workgroup that the probe knows.');
  return best;
}

/** `GPUBufferUsage`, which only a browser declares. */
const bufferUsage = { copyDestination: 8, storage: 128 } as const;

/** Makes a function that gives the milliseconds of so many products, compiled and warm. */
async function createTrial(
  device: GPUDevice,
  buffers: readonly GPUBuffer[],
  size: number,
  tile: Tile,
  clock: () => number,
): Promise<(calls: number) => Promise<number>> {
  const module = device.createShaderModule({ code: productShader(size, tile) });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const time = async (calls: number) => {
    const start = clock();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let call = 0; call < calls; call++)
      pass.dispatchWorkgroups(size / (tile.threads * tile.columns), size / (tile.threads * tile.rows));
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return clock() - start;
  };
  await time(1);
  return time;
}

/** result = a·b for square matrices, row-major, in the bindings 0, 1 and 2. */
export function productShader(size: number, tile: Tile): string {
  const { threads, rows, columns, isStaged } = tile;
  const results = upTo(rows).flatMap((row) => upTo(columns / 4).map((column) => ({ row, column })));
  const vectors = size / 4;
  return `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4f>;
${isStaged ? stagingMemory(tile) : ''}
@compute @workgroup_size(${threads}, ${threads})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let first_row = (group.y * ${threads}u + local.y) * ${rows}u;
  // Vectors of neighbouring invocations are neighbours.
  let first_vector = group.x * ${(threads * columns) / 4}u + local.x;
${results.map(({ row, column }) => `  var sum_${row}_${column} = vec4f();`).join('\n')}
${isStaged ? stagedLoop(tile, vectors) : directLoop(tile, vectors)}
${results
  .map(
    ({ row, column }) =>
      `  result[(first_row + ${row}u) * ${vectors}u + first_vector + ${column * threads}u] = sum_${row}_${column};`,
  )
  .join('\n')}
}
`;
}

/** Four of the inner dimension at a time: vectors of a along it, vectors of b across it. */
function directLoop({ threads, rows, columns }: Tile, vectors: number): string {
  const parts = ['x', 'y', 'z', 'w'];
  const rowsOfB = parts.flatMap((part, place) =>
    upTo(columns / 4).map(
      (column) =>
        `    let ${part}_${column} = b[(4u * k + ${place}u) * ${vectors}u + first_vector + ${column * threads}u];`,
    ),
  );
  const sums = upTo(rows).flatMap((row) =>
    upTo(columns / 4).flatMap((column) =>
      parts.map((part) => `    sum_${row}_${column} += a_${row}.${part} * ${part}_${column};`),
    ),
  );
  return `  for (var k = 0u; k < ${vectors}u; k++) {
${upTo(rows)
  .map((row) => `    let a_${row} = a[(first_row + ${row}u) * ${vectors}u + k];`)
  .join('\n')}
${[...rowsOfB, ...sums].join('\n')}
  }`;
}

function stagingMemory({ threads, rows, columns }: Tile): string {
  return `var<workgroup> left: array<f32, ${depth * threads * rows}>;
var<workgroup> right: array<vec4f, ${(depth * threads * columns) / 4}>;`;
}

/** Slices of both operands go to workgroup memory, a's turned over, and from there to registers. */
function stagedLoop({ threads, rows, columns }: Tile, vectors: number): string {
  const height = threads * rows;
  const width = (threads * columns) / 4;
  const slice = depth / 4;
  const sums = upTo(rows).flatMap((row) =>
    upTo(columns / 4).map((column) => `      sum_${row}_${column} += x_${row} * y_${column};`),
  );
  return `  for (var k = 0u; k < ${vectors}u; k += ${slice}u) {
    for (var i = index; i < ${height * slice}u; i += ${threads * threads}u) {
      let row = i / ${slice}u;
      let part = a[(group.y * ${height}u + row) * ${vectors}u + k + i % ${slice}u];
      let at = 4u * (i % ${slice}u) * ${height}u + row;
      left[at] = part.x;
      left[at + ${height}u] = part.y;
      left[at + ${2 * height}u] = part.z;
      left[at + ${3 * height}u] = part.w;
    }
    for (var i = index; i < ${depth * width}u; i += ${threads * threads}u) {
      right[i] = b[(4u * k + i / ${width}u) * ${vectors}u + group.x * ${width}u + i % ${width}u];
    }
    workgroupBarrier();
    for (var d = 0u; d < ${depth}u; d++) {
${upTo(rows)
  .map((row) => `      let x_${row} = left[d * ${height}u + local.y * ${rows}u + ${row}u];`)
  .join('\n')}
${upTo(columns / 4)
  .map((column) => `      let y_${column} = right[d * ${width}u + local.x + ${column * threads}u];`)
  .join('\n')}
${sums.join('\n')}
    }
    workgroupBarrier();
  }`;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
