/**
 * The best rate at which a WebGPU device multiplies matrices with plain tiled WGSL, to measure whole updates against.
 * 32-bit floats, operands staged through workgroup memory, a block of results in each invocation's registers.
 */

export interface DevicePeak {
  readonly gigaflops: number;
  /** Side of the square matrices, and the block of results of one workgroup, that reached it. */
  readonly size: number;
  readonly tile: Tile;
}
/** A workgroup of `threads`×`threads` invocations, each with `block`×`block` results. */
interface Tile {
  readonly threads: number;
  readonly block: number;
}
const tiles: readonly Tile[] = [
  { threads: 8, block: 2 },
  { threads: 8, block: 4 },
  { threads: 16, block: 2 },
  { threads: 16, block: 4 },
  { threads: 8, block: 8 },
];
/** The published width, and one that fills a large device. Both are multiples of every tile. */
const sizes = [256, 1024] as const;
/** Of the inner dimension, staged at a time. */
const depth = 16;
/** Milliseconds of one timing: long enough to hide the submission. */
const turnMilliseconds = 60;
const trials = 3;
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
    // Ordinary numbers: multiplying zeros is not what an update does.
    for (const buffer of buffers) device.queue.writeBuffer(buffer, 0, new Float32Array(size * size).fill(0.5));
    for (const tile of tiles) {
      if (tile.threads ** 2 > device.limits.maxComputeInvocationsPerWorkgroup) continue;
      const time = await createTrial(device, buffers, size, tile, clock);
      const once = await time(1);
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
  const side = tile.threads * tile.block;
  const time = async (calls: number) => {
    const start = clock();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let call = 0; call < calls; call++) pass.dispatchWorkgroups(size / side, size / side);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return clock() - start;
  };
  await time(1);
  return time;
}

/** out = a·b for square matrices, row-major. */
export function productShader(size: number, { threads, block }: Tile): string {
  const side = threads * block;
  const invocations = threads * threads;
  const blocks = Array.from({ length: block }, (_, i) => i);
  const results = blocks.flatMap((row) => blocks.map((column) => [row, column] as const));
  return `
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
var<workgroup> left: array<f32, ${depth * side}>;
var<workgroup> right: array<f32, ${depth * side}>;

@compute @workgroup_size(${threads}, ${threads})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let first_row = group.y * ${side}u;
  let first_column = group.x * ${side}u;
${results.map(([row, column]) => `  var sum_${row}_${column} = 0.0;`).join('\n')}
  for (var k = 0u; k < ${size}u; k += ${depth}u) {
    for (var i = index; i < ${depth * side}u; i += ${invocations}u) {
      left[(i % ${depth}u) * ${side}u + i / ${depth}u] = a[(first_row + i / ${depth}u) * ${size}u + k + i % ${depth}u];
      right[i] = b[(k + i / ${side}u) * ${size}u + first_column + i % ${side}u];
    }
    workgroupBarrier();
    for (var d = 0u; d < ${depth}u; d++) {
${blocks.map((row) => `      let x_${row} = left[d * ${side}u + local.y * ${block}u + ${row}u];`).join('\n')}
${blocks.map((column) => `      let y_${column} = right[d * ${side}u + local.x + ${column * threads}u];`).join('\n')}
${results.map(([row, column]) => `      sum_${row}_${column} = fma(x_${row}, y_${column}, sum_${row}_${column});`).join('\n')}
    }
    workgroupBarrier();
  }
${results
  .map(
    ([row, column]) =>
      `  result[(first_row + local.y * ${block}u + ${row}u) * ${size}u + first_column + local.x + ${column * threads}u] = sum_${row}_${column};`,
  )
  .join('\n')}
}
`;
}
