/** Finding a graphics processor and opening it, with the largest limits it has, and what it means when something fails there. */
import { DeviceLost } from '../deviceLost';

/** What a tensor program may run into. Bytes, or counts. */
const limitNames = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxStorageBuffersPerShaderStage',
] as const;
/** GPUBufferUsage.STORAGE | COPY_SRC | COPY_DST: the names exist only where WebGPU does. */
const storageUsage = 0x80 | 0x04 | 0x08;
export type DeviceLimits = Readonly<Record<(typeof limitNames)[number] | 'maxComputeWorkgroupsPerDimension', number>>;

export interface DeviceInfo {
  /** Words of the driver, "" where the browser keeps them to itself. */
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
}
export interface OpenDevice {
  readonly device: GPUDevice;
  readonly limits: DeviceLimits;
  readonly info: DeviceInfo;
  /** It computes on the processor (SwiftShader, llvmpipe): right, and slow. */
  readonly isSoftware: boolean;
  /** Resolves when the device is of no more use, whoever's doing it was: `destroy` counts, and so does an error that no scope caught. */
  readonly lost: Promise<DeviceLost>;
  /**
   * A buffer of `bytes` zeros that shaders read and write, and that copies go to and from.
   *
   * @param what  what it holds, for the message: "the dataset"
   * @throws RangeError about memory where it does not fit
   */
  allocate(what: string, bytes: number): Promise<GPUBuffer>;
  /** Why a wait on the device was rejected: its loss, if it went away, else the error itself. */
  whyRejected(error: unknown): Promise<unknown>;
  /** Frees everything on the device. */
  close(): void;
}

/** An adapter serves one device: find one for each. Never rejects; `reason` is a sentence for people. */
export async function findAdapter(): Promise<{ readonly adapter: GPUAdapter } | { readonly reason: string }> {
  const { navigator: host } = globalThis as { navigator?: { readonly gpu?: GPU } };
  if (!host?.gpu) return { reason: 'WebGPU is not available here.' };
  try {
    const adapter = await host.gpu.requestAdapter({ powerPreference: 'high-performance' });
    return adapter ? { adapter } : { reason: 'WebGPU found no graphics processor here.' };
  } catch (error) {
    return { reason: `WebGPU does not start here: ${messageOf(error)}` };
  }
}

/** Why no device can be opened here, in a sentence for people, or null. */
export async function whyNoDevice(): Promise<string | null> {
  const found = await findAdapter();
  return 'reason' in found ? found.reason : null;
}

/** Whether all there is computes on the processor. */
export async function isSoftwareOnly(): Promise<boolean> {
  const found = await findAdapter();
  return 'adapter' in found && isSoftware(found.adapter.info);
}

/** @throws Error with a sentence for people where there is no device */
export async function openDevice(): Promise<OpenDevice> {
  const found = await findAdapter();
  if ('reason' in found) throw new Error(found.reason);
  const { adapter } = found;
  const wanted = Object.fromEntries(limitNames.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ label: 'Regime Lab', requiredLimits: wanted });
  const { vendor, architecture, description } = adapter.info;
  const limits = limitsOf(device);
  const lost = lossOf(device);
  return {
    device,
    limits,
    info: { vendor, architecture, description },
    isSoftware: isSoftware(adapter.info),
    lost,
    async allocate(what, bytes) {
      const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
      if (bytes > most) throw outOfMemory(what, `${bytes} bytes, and one buffer holds ${most} at most.`);
      return guarded(device, what, () => device.createBuffer({ label: what, size: bytes, usage: storageUsage }));
    },
    async whyRejected(error) {
      if (error instanceof DeviceLost) return error;
      // A device that goes away rejects what is pending before it says so; its queue answers after that.
      const answered = device.queue.onSubmittedWorkDone().then(ignore, ignore);
      return Promise.race([lost, answered.then(() => error)]);
    },
    close: () => device.destroy(),
  };
}

let shared: Promise<OpenDevice> | null = null;

/** One device for everyone on this thread, opened when first asked for, and again after it was lost. */
export function sharedDevice(): Promise<OpenDevice> {
  shared ??= openDevice().then(
    (device) => {
      void device.lost.then(() => {
        shared = null;
      });
      return device;
    },
    (error) => {
      shared = null;
      throw error;
    },
  );
  return shared;
}

/**
 * Makes something on the device, and waits until the device says that it could.
 *
 * @param what  what it is, for the message: "the dataset"
 * @param make  must do its GPU calls before it first waits: error scopes are one stack a device
 * @throws RangeError about memory where it does not fit
 * @throws Error where the device refuses it for another reason
 */
export async function guarded<T>(device: GPUDevice, what: string, make: () => T): Promise<Awaited<T>> {
  const filters = ['internal', 'validation', 'out-of-memory'] as const;
  for (const filter of filters) device.pushErrorScope(filter);
  let made: { readonly value: T } | { readonly error: unknown };
  try {
    made = { value: make() };
  } catch (error) {
    made = { error };
  }
  const popped = filters.map(() => device.popErrorScope());
  // A later rejection must find someone listening while we wait for an earlier one.
  const value = 'value' in made ? Promise.resolve(made.value) : Promise.reject(made.error);
  const [, ...settled] = await Promise.allSettled([value, ...popped]);
  const [memory, validation, internal] = settled.map((scope) => (scope.status === 'fulfilled' ? scope.value : null));
  if (memory) throw outOfMemory(what, memory.message);
  const other = validation ?? internal;
  if (other) throw new Error(`The graphics processor refused ${what}: ${other.message}`);
  try {
    return await value;
  } catch (error) {
    // Browsers throw it at once where a buffer cannot even be mapped.
    throw error instanceof RangeError ? outOfMemory(what, error.message) : error;
  }
}

function outOfMemory(what: string, message: string): RangeError {
  return new RangeError(`The graphics processor has too little memory for ${what}: ${message}`);
}

function lossOf(device: GPUDevice): Promise<DeviceLost> {
  const failed = new Promise<DeviceLost>((resolve) => {
    device.addEventListener('uncapturederror', ({ error }) => {
      resolve(new DeviceLost(`The graphics processor reported an error: ${error.message}`));
    });
  });
  // What it computes from here on cannot be trusted. Not in the listener: Dawn waits for itself there.
  void failed.then(() => device.destroy());
  const gone = device.lost.then(({ message }) => {
    const detail = message === '' ? '.' : `: ${message}`;
    return new DeviceLost(`The graphics processor went away${detail}`);
  });
  return Promise.race([failed, gone]);
}

function limitsOf(device: GPUDevice): DeviceLimits {
  const names = [...limitNames, 'maxComputeWorkgroupsPerDimension'] as const;
  return Object.fromEntries(names.map((name) => [name, device.limits[name]])) as DeviceLimits;
}

function isSoftware(info: GPUAdapterInfo): boolean {
  const words = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(words);
}

const ignore = () => {};
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
