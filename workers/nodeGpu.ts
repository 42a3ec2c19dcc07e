/**
 * WebGPU in Node, from the npm package `webgpu` (Dawn). It starts with what the system's Vulkan drivers offer; without any,
 * with SwiftShader as Debian's Chromium brings it, which computes on the processor.
 *
 * Dawn's threads do not keep the process alive. The loader of Vulkan says on stderr when it finds no driver.
 */
import { existsSync } from 'node:fs';

/** Where Debian's package `chromium` describes its software driver to the loader of Vulkan. */
const softwareDriver = '/usr/lib/chromium/vk_swiftshader_icd.json';

let provided: Promise<boolean> | undefined;

/**
 * Sees to it that `navigator.gpu` gives an adapter, as in a browser; false where neither package nor drivers do. Asks once,
 * however often it is called.
 */
export function provideGpu(): Promise<boolean> {
  provided ??= provide();
  return provided;
}

async function provide(): Promise<boolean> {
  if (await givesAdapter(globalThis.navigator?.gpu)) return true;
  let dawn: typeof import('webgpu');
  try {
    dawn = await import('webgpu');
  } catch {
    return false; // not installed, or not built for this system
  }
  let gpu = dawn.create([]);
  if (!(await givesAdapter(gpu))) {
    if (process.env['VK_ICD_FILENAMES'] !== undefined || !existsSync(softwareDriver)) return false;
    process.env['VK_ICD_FILENAMES'] = softwareDriver;
    gpu = dawn.create([]);
    if (!(await givesAdapter(gpu))) return false;
  }
  Object.assign(globalThis, dawn.globals);
  install(gpu);
  return true;
}

async function givesAdapter(gpu: GPU | undefined): Promise<boolean> {
  try {
    return gpu !== undefined && (await gpu.requestAdapter()) !== null;
  } catch {
    return false;
  }
}

/** Node 20 has no `navigator`; later ones have one without `gpu`. */
function install(gpu: GPU): void {
  const property = { value: gpu, configurable: true, enumerable: true };
  if (globalThis.navigator) Object.defineProperty(globalThis.navigator, 'gpu', property);
  else
    Object.defineProperty(globalThis, 'navigator', {
      value: Object.defineProperty({}, 'gpu', property),
      configurable: true,
    });
}
