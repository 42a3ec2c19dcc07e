/** What Vite makes of an import with `?url`: the address of the file. */
declare module '*.wasm?url' {
  const address: string;
  export default address;
}
