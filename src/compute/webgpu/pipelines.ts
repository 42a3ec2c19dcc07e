/** Compute pipelines of one device, made once for each text: whoever opens the same program again finds them ready. */
import { bindings, readOnly } from './prelude';

export class Pipelines {
  static readonly #known = new WeakMap<GPUDevice, Pipelines>();
  readonly bindGroupLayout: GPUBindGroupLayout;
  readonly #layout: GPUPipelineLayout;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #made = new Map<string, Promise<GPUComputePipeline>>();

  private constructor(private readonly device: GPUDevice) {
    this.bindGroupLayout = device.createBindGroupLayout({
      entries: bindings.map((name, binding) => ({
        binding,
        visibility: 4, // GPUShaderStage.COMPUTE
        buffer: { type: readOnly.includes(name) ? 'read-only-storage' : 'storage' },
      })),
    });
    this.#layout = device.createPipelineLayout({ bindGroupLayouts: [this.bindGroupLayout] });
  }

  static of(device: GPUDevice): Pipelines {
    const known = Pipelines.#known.get(device) ?? new Pipelines(device);
    Pipelines.#known.set(device, known);
    return known;
  }

  /** @param repetition  the pass inside `repeat` blocks that it is for */
  get(code: string, repetition: number): Promise<GPUComputePipeline> {
    const key = `${repetition} ${code}`;
    const made = this.#made.get(key) ?? this.#make(code, repetition);
    this.#made.set(key, made);
    return made;
  }
  #make(code: string, repetition: number): Promise<GPUComputePipeline> {
    const module = this.#modules.get(code) ?? this.device.createShaderModule({ code });
    this.#modules.set(code, module);
    const constants: Record<string, number> = repetition === 0 ? {} : { repetition };
    return this.device.createComputePipelineAsync({ layout: this.#layout, compute: { module, constants } });
  }
}
