/**
 * HDF5 with h5wasm, in memory: bytes in, bytes out, the same build in a page, a worker and Node. Large (1 MB compressed): import this
 * module only when a file is read or written.
 */
import { Dataset, File as Hdf5File, ready } from 'h5wasm';
import { type Column, type Columns, columnNames, type NumberArray, unreadable } from './columns';

const rowsAChunk = 16_384;
const compressionLevel = 4; // zlib's, as D4RL's files

// h5wasm's file system is one for the whole module, so two files in work need two names.
let filesMade = 0;

export async function writeHdf5({ arrays, attributes }: Columns): Promise<Uint8Array> {
  const { FS } = await ready;
  const path = `/written-${filesMade++}.hdf5`;
  try {
    const file = new Hdf5File(path, 'w');
    try {
      for (const [name, { data, shape }] of Object.entries(arrays)) {
        file.create_dataset({
          name,
          data,
          shape: [...shape],
          chunks: [Math.min(shape[0], rowsAChunk), ...shape.slice(1)],
          compression: 'gzip',
          compression_opts: compressionLevel,
        });
      }
      for (const [name, text] of Object.entries(attributes)) file.create_attribute(name, text);
    } finally {
      file.close();
    }
    return FS.readFile(path);
  } finally {
    if (FS.analyzePath(path, false).exists) FS.unlink(path);
  }
}

/** The arrays with D4RL's names and the text attributes of the root. @throws FileError if it is no readable HDF5 file */
export async function readHdf5(bytes: Uint8Array): Promise<Columns> {
  const { FS } = await ready;
  const path = `/read-${filesMade++}.hdf5`;
  FS.writeFile(path, bytes);
  try {
    const file = new Hdf5File(path, 'r');
    try {
      const arrays: Record<string, Column> = {};
      for (const name of columnNames) {
        const entry = file.get(name);
        if (!(entry instanceof Dataset)) continue;
        const data = entry.value;
        // NumPy's bool is an enumeration in HDF5; h5wasm gives its bytes as Int8Array, which serves.
        if (!ArrayBuffer.isView(data)) throw unreadable(`“${name}” does not hold numbers`);
        arrays[name] = { data: data as NumberArray, shape: entry.shape ?? [] };
      }
      const attributes: Record<string, string> = {};
      for (const [name, attribute] of Object.entries(file.attrs)) {
        if (typeof attribute.value === 'string') attributes[name] = attribute.value;
      }
      return { arrays, attributes };
    } finally {
      file.close();
    }
  } finally {
    FS.unlink(path);
  }
}
