/** Where the bundler serves the WebAssembly files of TensorFlow.js. For browsers only: Node does not know `?url`. */
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';

export const wasmFiles = {
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  // The library wants an address for it too, and never asks there: `library.ts` turns threads off.
  'tfjs-backend-wasm-threaded-simd.wasm': simd,
};
