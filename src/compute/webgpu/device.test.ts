import { afterEach, describe, expect, test, vi } from 'vitest';
import { provideGpu } from '../../../workers/nodeGpu';
import { DeviceLost } from '../deviceLost';
import { findAdapter, guarded, openDevice, whyNoDevice } from './device';
import { deviceForTests } from './testing';

const probe = await deviceForTests(provideGpu, console.warn);
probe?.close();

describe('without a device', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test.each([
    ['no navigator', undefined, 'WebGPU is not available here.'],
    ['no gpu', {}, 'WebGPU is not available here.'],
    ['no adapter', { gpu: { requestAdapter: async () => null } }, 'WebGPU found no graphics processor here.'],
    [
      'a broken driver',
      { gpu: { requestAdapter: () => Promise.reject(new Error('no Vulkan.')) } },
      'WebGPU does not start here: no Vulkan.',
    ],
  ])('%s is told in a sentence', async (_, navigator, reason) => {
    vi.stubGlobal('navigator', navigator);
    expect(await whyNoDevice()).toBe(reason);
    await expect(openDevice()).rejects.toThrow(reason);
  });
});

describe.skipIf(probe === null)('a device', () => {
  test('has the adapter’s own limits, not the defaults, and says what it is', async () => {
    const found = await findAdapter();
    if ('reason' in found) throw new Error(found.reason);
    const open = await openDevice();
    for (const [name, limit] of Object.entries(open.limits)) {
      expect(limit, name).toBe(found.adapter.limits[name as keyof GPUSupportedLimits]);
    }
    expect(open.limits.maxBufferSize).toBeGreaterThan(2 ** 28); // WebGPU's default
    expect(open.isSoftware).toBe(/swiftshader|llvmpipe/i.test(`${open.info.architecture} ${open.info.description}`));
    open.close();
  });

  test('gives buffers of zeros', async () => {
    const { device, allocate, close } = await openDevice();
    const buffer = await allocate('numbers', 64);
    const staging = device.createBuffer({ size: 64, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, 64);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    expect(new Float32Array(staging.getMappedRange().slice(0))).toEqual(new Float32Array(16));
    close();
  });

  test('refuses what does not fit with a RangeError about memory, and works on', async () => {
    const { allocate, limits, close } = await openDevice();
    const tooMuch = 2 * limits.maxBufferSize;
    const refusal = await allocate('the dataset', tooMuch).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RangeError);
    expect(String(refusal)).toMatch(/too little memory for the dataset: \d+ bytes/);
    expect((await allocate('the dataset', 1024)).size).toBe(1024);
    close();
  });

  test('tells memory from a mistake', async () => {
    const open = await openDevice();
    const { device } = open;
    // What a browser throws at once.
    const thrown = guarded(device, 'a read-back', () => {
      throw new RangeError('size is too large for the implementation when mappedAtCreation == true');
    });
    await expect(thrown).rejects.toThrow(RangeError);
    await expect(thrown).rejects.toThrow(/memory/);
    const mistake = guarded(device, 'a shader', () => device.createShaderModule({ code: 'fn main( {' }));
    await expect(mistake).rejects.toThrow('The graphics processor refused a shader:');
    await expect(mistake).rejects.not.toThrow(RangeError);
    expect(await guarded(device, 'nothing', () => 5)).toBe(5);
    open.close();
  });

  test('is lost when it is destroyed, and says so to whoever waited on it', async () => {
    const { device, lost, whyRejected } = await openDevice();
    const staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const reading = staging.mapAsync(GPUMapMode.READ).catch(whyRejected);
    device.destroy();
    expect(await reading).toBeInstanceOf(DeviceLost);
    expect(await lost).toBeInstanceOf(DeviceLost);
    expect((await lost).message).toMatch(/^The graphics processor went away/);
  });

  test('is lost after an error that nobody caught', async () => {
    const { device, lost } = await openDevice();
    device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    expect((await lost).message).toMatch(/^The graphics processor reported an error: .*usage/s);
  });

  test('is not blamed for another error', async () => {
    const { whyRejected, close } = await openDevice();
    const error = new TypeError('mine');
    expect(await whyRejected(error)).toBe(error);
    close();
  });
});
