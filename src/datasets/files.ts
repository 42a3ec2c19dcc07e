/**
 * Datasets as files: HDF5 with D4RL's keys, or NPZ with the same. A file written here says how its data were made and loads back to
 * the same digest. The libraries load on first use.
 */
import type { Environment } from '../environments/environment';
import type { Values } from '../schema/field';
import { digestOf } from './card';
import { type DatasetRequest, environmentOf } from './dataset';
import { type Columns, columnsOf, FileError, type FileProblem, transitionsOf } from './formats/columns';
import type { Transitions } from './transitions';

export type { FileProblem };
export type FileFormat = 'hdf5' | 'npz';

/** The bytes of a file that holds `transitions` and the request that made them. */
export async function writeDatasetFile(
  format: FileFormat,
  transitions: Transitions,
  request: DatasetRequest,
): Promise<Uint8Array> {
  const { environment } = environmentOf(request.environment);
  const columns: Columns = {
    arrays: columnsOf(transitions, environment.action),
    attributes: { ...attributesOf(request), digest: digestOf(transitions) },
  };
  if (format === 'hdf5') return (await import('./formats/hdf5')).writeHdf5(columns);
  return (await import('./formats/npz')).writeNpz(columns);
}

export type FileResult =
  | {
      readonly kind: 'loaded';
      readonly transitions: Transitions;
      readonly digest: string;
      /** How the lab made the data, where the file says so and has not been changed since; null for others' files. */
      readonly request: DatasetRequest | null;
      /** What had to be assumed or left out, one sentence each. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'refused'; readonly problem: FileProblem };

/**
 * Reads an HDF5 or NPZ file as data of `environment`. Never throws at a file: what is wrong with it is the result.
 *
 * @param environmentName  as the page says it, for messages: "Pendulum"
 */
export async function readDatasetFile(
  bytes: Uint8Array,
  environment: Environment,
  environmentName: string,
): Promise<FileResult> {
  try {
    const columns = await readColumns(bytes);
    const { transitions, notes } = transitionsOf(columns, environment, environmentName);
    const digest = digestOf(transitions);
    const request = digest === columns.attributes['digest'] ? requestOf(columns.attributes) : null;
    return { kind: 'loaded', transitions, digest, request, notes };
  } catch (error) {
    if (error instanceof FileError) return { kind: 'refused', problem: error.problem };
    // The libraries throw their own errors at broken files; their words are the best there are.
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: 'refused', problem: { kind: 'fileUnreadable', detail } };
  }
}

async function readColumns(bytes: Uint8Array): Promise<Columns> {
  if (startsWith(bytes, [0x89, 0x48, 0x44, 0x46])) return (await import('./formats/hdf5')).readHdf5(bytes); // \x89HDF
  if (startsWith(bytes, [0x50, 0x4b, 0x03, 0x04])) return (await import('./formats/npz')).readNpz(bytes); // PK
  throw new FileError({ kind: 'fileUnreadable', detail: 'it is neither HDF5 nor NPZ' });
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

function attributesOf({ environment, dataset }: DatasetRequest): Record<string, string> {
  return {
    environment: environment.id,
    environment_params: JSON.stringify(environment.params),
    recipe: dataset.recipe,
    recipe_params: JSON.stringify(dataset.params),
    seed: String(dataset.seed),
  };
}

/** The way back; null if anything is missing or malformed. */
function requestOf(attributes: Readonly<Record<string, string>>): DatasetRequest | null {
  const environmentParams = valuesOf(attributes['environment_params']);
  const recipeParams = valuesOf(attributes['recipe_params']);
  const { environment, recipe } = attributes;
  const seed = Number(attributes['seed'] ?? Number.NaN);
  if (!environment || !recipe || !environmentParams || !recipeParams || !Number.isSafeInteger(seed)) return null;
  return {
    environment: { id: environment, params: environmentParams },
    dataset: { recipe, params: recipeParams, seed },
  };
}

function valuesOf(text: string | undefined): Values | null {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Values) : null;
  } catch {
    return null;
  }
}
