/**
 * The relaxed flavour of the engine: matrix products use fused multiply-add where the processor has it. Faster, but the last
 * bits depend on the processor and the browser, so its results are not reproducible. A module of its own, loaded when asked
 * for: the first load of the page does not carry it.
 */

/**
 * The smallest module with a relaxed instruction: a function that returns `f32x4.relaxed_madd` of three vectors.
 * https://github.com/WebAssembly/relaxed-simd/blob/main/proposals/relaxed-simd/Overview.md
 */
export const relaxedProbe = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version 1
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type: () → v128
  ...[0x03, 0x02, 0x01, 0x00], // one function of it
  ...[0x0a, 0x13, 0x01, 0x11, 0x00], // its code, no locals
  ...[0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f], // three times i32.const 0, i8x16.splat
  ...[0xfd, 0x85, 0x02, 0x0b], // f32x4.relaxed_madd, end
);

/** Whether this WebAssembly has relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return typeof WebAssembly !== 'undefined' && WebAssembly.validate(relaxedProbe);
}

/** The relaxed engine's module in base64; exports and memory as in the strict one. Compiles only where `hasRelaxedSimd()`. */
export async function loadRelaxedEngine(): Promise<string> {
  return (await import('./engineRelaxed.generated')).engineRelaxedBase64;
}
