import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { provideGpu } from './nodeGpu';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

test('the answer is true just where a device can be had, every time', async () => {
  const answer = await provideGpu();
  expect(await provideGpu()).toBe(answer);
  if (!answer) console.warn('No WebGPU on this machine: the npm package `webgpu` finds no Vulkan driver.');
  const adapter = answer ? await navigator.gpu.requestAdapter() : null;
  expect(adapter !== null).toBe(answer);
  if (answer) expect(GPUMapMode.READ).toBe(1);
});

test('Node ends by itself with a device left open', () => {
  const program = `
    import { provideGpu } from './workers/nodeGpu.ts';
    import { openDevice } from './src/compute/webgpu/device.ts';
    if (await provideGpu()) globalThis.kept = await openDevice();
    console.log('done');`;
  const result = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(result.stdout).toBe('done\n');
  expect(result.status).toBe(0);
  expect(result.signal).toBeNull();
});

test('a machine without drivers is told no', () => {
  const program = `
    import { provideGpu } from './workers/nodeGpu.ts';
    console.log(await provideGpu(), typeof navigator === 'undefined' || navigator.gpu === undefined);`;
  const result = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, VK_ICD_FILENAMES: '/nowhere.json' },
  });
  expect(result.stdout).toBe('false true\n');
});
