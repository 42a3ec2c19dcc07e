/** A device for tests, and shaders that apply an expression to arrays. Used by tests only. */
import { normalTable } from '../../numeric/random';
import { type OpenDevice, openDevice } from './device';

export const noGpu = 'Tests on WebGPU are skipped: the npm package `webgpu` finds no Vulkan driver on this machine.';

/**
 * The device of this machine; null after saying aloud that there is none.
 *
 * @param provideGpu  brings WebGPU to Node
 * @param say         where to say it
 */
export async function deviceForTests(
  provideGpu: () => Promise<boolean>,
  say: (message: string) => void,
): Promise<OpenDevice | null> {
  if (await provideGpu()) return openDevice();
  say(noGpu);
  return null;
}

const groupSize = 64;

/**
 * The words that a WGSL expression of type u32 gives for each i < count; `bitcast<u32>` carries float32. Its inputs are
 * `words[i]` and, of several arrays, `words[i + n·count]`.
 */
export async function evaluate(
  { device, allocate }: OpenDevice,
  functions: string,
  expression: string,
  inputs: readonly Uint32Array[],
): Promise<Uint32Array> {
  const count = inputs[0].length;
  const code = /* wgsl */ `
@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> results: array<u32>;
@group(0) @binding(2) var<storage, read> normal_table: array<i32>;
${functions}
@compute @workgroup_size(${groupSize})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  const count = ${count}u;
  if (i >= count) { return; }
  results[i] = ${expression};
  _ = normal_table[0];
}`;
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  const words = await allocate('inputs', 4 * count * inputs.length);
  const results = await allocate('results', 4 * count);
  const table = await allocate('table', normalTable.byteLength);
  const staging = device.createBuffer({ size: 4 * count, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  inputs.forEach((input, n) => {
    device.queue.writeBuffer(words, 4 * n * count, Uint32Array.from(input));
  });
  device.queue.writeBuffer(table, 0, Int32Array.from(normalTable));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const entries = [words, results, table].map((buffer, binding) => ({ binding, resource: { buffer } }));
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.ceil(count / groupSize));
  pass.end();
  encoder.copyBufferToBuffer(results, 0, staging, 0, 4 * count);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copy = new Uint32Array(staging.getMappedRange().slice(0));
  for (const buffer of [words, results, table, staging]) buffer.destroy();
  return copy;
}

/** float32 through an expression of `x` (and `y`), f32 to f32. */
export async function evaluateFloats(
  open: OpenDevice,
  functions: string,
  expression: string,
  ...inputs: readonly Float32Array[]
): Promise<Float32Array> {
  const call = `result_of(${inputs.map((_, n) => `bitcast<f32>(words[i + ${n}u * count])`).join(', ')})`;
  const parameters = ['x', 'y', 'z'].slice(0, inputs.length).map((name) => `${name}: f32`);
  const wrapper = `fn result_of(${parameters.join(', ')}) -> f32 { return ${expression}; }`;
  const words = inputs.map((input) => new Uint32Array(Float32Array.from(input).buffer));
  const results = await evaluate(open, functions + wrapper, `bitcast<u32>(${call})`, words);
  return new Float32Array(results.buffer);
}
