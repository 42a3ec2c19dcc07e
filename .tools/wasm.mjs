/**
 * Compiles the WebAssembly engine, `src/compute/wasm/assembly/index.ts` (AssemblyScript), in two flavours:
 *
 * - strict → `src/compute/wasm/engine.generated.ts`, which exports `engineBase64: string`: the same bits everywhere;
 * - relaxed → `src/compute/wasm/engineRelaxed.generated.ts`, which exports `engineRelaxedBase64: string`: matrix products
 *   may use fused multiply-add (`madd` in assembly/vectors.ts), so engines may differ in the last bit.
 *
 * Does nothing when neither a source nor a flag has changed: the generated files carry their hash.
 *
 * `--force` compiles anyway; `--text` also writes `.cache/engine.wat` and `.cache/engineRelaxed.wat` to read.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, root } from './install.mjs';

const folder = join(root, 'src', 'compute', 'wasm');
const entry = join(folder, 'assembly', 'index.ts');

const flags = [
  ...['--enable', 'simd'],
  ...['--runtime', 'stub'],
  ...['--optimizeLevel', '3'],
  ...['--shrinkLevel', '0'],
  '--noAssert',
  '--importMemory',
];
/** `RELAXED` is the constant that `madd` folds on. */
const flavours = [
  { name: 'engine', flags: [...flags, '--use', 'RELAXED=0'] },
  { name: 'engineRelaxed', flags: [...flags, '--enable', 'relaxed-simd', '--use', 'RELAXED=1'] },
];

/** Compiles if needed. Returns whether it compiled; throws an Error with the compiler's words if it cannot. */
export function buildWasm({ force = false, text = false } = {}) {
  const sources = sourceHash();
  const outdated = flavours.filter((flavour) => force || text || !isCurrent(flavour, sources));
  for (const flavour of outdated) compile(flavour, sources, text);
  return outdated.length > 0;
}

const generatedFile = (name) => join(folder, `${name}.generated.ts`);

function isCurrent({ name }, sources) {
  const file = generatedFile(name);
  return existsSync(file) && readFileSync(file, 'utf8').includes(`// sources ${sources}\n`);
}

function compile({ name, flags }, sources, text) {
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  // Named by process: two tools may build at once, and each must read its own output.
  const binary = join(cache, `${name}.${process.pid}.wasm`);
  const compiler = join(createRequire(import.meta.url).resolve('assemblyscript/package.json'), '..', 'bin', 'asc.js');
  const output = text ? ['--textFile', join(cache, `${name}.wat`)] : [];
  const result = spawnSync(
    process.execPath,
    [compiler, relative(root, entry), '--outFile', binary, ...output, ...flags],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  if (result.status !== 0) throw new Error(`AssemblyScript:\n${result.stdout}${result.stderr}`);
  if (result.stderr.trim() !== '') process.stderr.write(result.stderr);
  const bytes = readFileSync(binary);
  rmSync(binary);
  const lines = [
    '// Made by .tools/wasm.mjs; not in version control.',
    `// sources ${sources}`,
    `export const ${name}Base64 =\n  '${bytes.toString('base64')}';`,
    '',
  ];
  // Written aside and renamed, so that a build running beside this one never reads half a file.
  const file = generatedFile(name);
  writeFileSync(`${file}.${process.pid}`, lines.join('\n'));
  renameSync(`${file}.${process.pid}`, file);
  process.stderr.write(`${name} compiled: ${Math.ceil(bytes.length / 1024)} KB of WebAssembly.\n`);
}

function sourceHash() {
  const hash = createHash('sha256').update(JSON.stringify(flavours));
  hash.update(readFileSync(createRequire(import.meta.url).resolve('assemblyscript/package.json')));
  const assembly = join(folder, 'assembly');
  const files = readdirSync(assembly, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts'));
  for (const name of files.sort())
    hash.update(`${name.replaceAll('\\', '/')}\n`).update(readFileSync(join(assembly, name)));
  return hash.digest('hex').slice(0, 32);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureInstalled();
  try {
    buildWasm({ force: process.argv.includes('--force'), text: process.argv.includes('--text') });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
