/**
 * Holds the walls that ARCHITECTURE.md draws: who imports whom, and what the core never does.
 *
 * Works on the syntax tree, so comments, strings and shaders may say what they like. Type imports are free everywhere.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ESTree, parseSync, Visitor } from 'vite';
import { describe, expect, test } from 'vitest';
import { algorithms } from './algorithms/registry';
import { environments } from './environments/registry';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

interface Rule {
  /** Folders, or files without their ending, whose values a folder may import besides its own. */
  readonly from: readonly string[];
  readonly packages: readonly string[];
}
const belowTraining = ['schema', 'numeric', 'environments', 'datasets', 'compute', 'algorithms', 'metrics'].map(
  (name) => `src/${name}`,
);
/** The import table. A folder that is not in it does not belong in `src`. */
const rules: Readonly<Record<string, Rule>> = {
  'src/schema': { from: [], packages: ['zod'] },
  'src/numeric': { from: [], packages: ['@noble/hashes'] },
  'src/environments': { from: ['src/schema', 'src/numeric'], packages: [] },
  'src/datasets': { from: ['src/schema', 'src/numeric', 'src/environments'], packages: ['fflate', 'h5wasm'] },
  'src/compute': { from: ['src/numeric'], packages: ['@tensorflow'] },
  'src/algorithms': { from: ['src/schema', 'src/numeric'], packages: [] },
  'src/metrics': { from: ['src/numeric'], packages: [] },
  'src/spec': {
    from: ['src/schema', 'src/environments/registry', 'src/datasets/registry', 'src/algorithms/registry'],
    packages: ['fflate'],
  },
  'src/training': {
    from: ['src/spec', ...belowTraining],
    packages: [],
  },
  'src/store': {
    from: ['src/spec', 'src/metrics', 'workers/client', 'workers/bench/client'],
    packages: ['zustand', 'idb'],
  },
  'src/charts': { from: ['src/metrics', 'src/numeric'], packages: ['react', 'recharts'] },
  'src/app': {
    from: ['src/schema', 'src/spec', 'src/store', 'src/charts', 'src/metrics'],
    packages: ['react', 'react-dom', '@mantine', 'zustand'],
  },
  // Hosts stand on the whole core: the command line also writes datasets, curves and digests.
  workers: { from: ['src/training', 'src/spec', ...belowTraining], packages: ['node:', 'webgpu'] },
};
/** Compiled without the DOM and run in any host. */
const core = Object.keys(rules).filter((folder) => !['src/store', 'src/charts', 'src/app', 'workers'].includes(folder));

interface Source {
  /** From the root, with forward slashes: "src/spec/link.ts". */
  readonly path: string;
  readonly folder: string;
  readonly program: ESTree.Program;
  lineOf(offset: number): string;
}

function readSources(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => `${folder}/${String(name).split(sep).join('/')}`)
    .filter((path) => /\.tsx?$/.test(path) && !/\.(test|slow|generated|d)\.tsx?$/.test(path))
    .filter((path) => !/\/(assembly|testing)(\/|\.ts$)/.test(path))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const { program, errors } = parseSync(path, text);
      if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
      const owner = Object.keys(rules).find((known) => path.startsWith(`${known}/`)) ?? path;
      return {
        path,
        folder: owner,
        program,
        lineOf: (offset) => `${path}:${text.slice(0, offset).split('\n').length}`,
      };
    });
}
const sources = [...readSources('src'), ...readSources('workers')].filter(({ path }) => path !== 'src/main.tsx');

/** What a file imports at run time: project files from the root without their ending, packages by name. */
function importsOf({ path, program }: Source): { readonly target: string; readonly at: number }[] {
  const found: { target: string; at: number }[] = [];
  const add = (specifier: string, at: number) => {
    const clean = specifier.replace(/\?.*$/, '');
    const local = clean.startsWith('.')
      ? normalize(join(dirname(path), clean))
          .split(sep)
          .join('/')
      : clean;
    found.push({ target: local.replace(/\.tsx?$/, ''), at });
  };
  new Visitor({
    ImportDeclaration(node) {
      if (node.importKind !== 'type') add(node.source.value, node.start);
    },
    ExportNamedDeclaration(node) {
      if (node.source && node.exportKind !== 'type') add(node.source.value, node.start);
    },
    ExportAllDeclaration(node) {
      if (node.exportKind !== 'type') add(node.source.value, node.start);
    },
    ImportExpression(node) {
      if (node.source.type === 'Literal') add(String(node.source.value), node.start);
    },
  }).visit(program);
  return found;
}

const within = (target: string, place: string) => target === place || target.startsWith(`${place}/`);

describe('imports', () => {
  test('every source file lies in a folder of the table', () => {
    const strays = sources.filter(({ folder }) => !Object.hasOwn(rules, folder)).map(({ path }) => path);
    expect(strays).toEqual([]);
    expect(sources.length).toBeGreaterThan(50);
  });

  test.each(Object.entries(rules))('%s takes values only from where the table allows', (folder, { from, packages }) => {
    const wrong: string[] = [];
    for (const source of sources.filter((candidate) => candidate.folder === folder)) {
      for (const { target, at } of importsOf(source)) {
        const isLocal = /^(src|workers|e2e)\//.test(target);
        const allowed = isLocal
          ? [folder, ...from].some((place) => within(target, place))
          : packages.some((name) => within(target, name) || (name.endsWith(':') && target.startsWith(name)));
        if (!allowed) wrong.push(`${source.lineOf(at)} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('run in no circle', () => {
    const edges = new Map(
      sources.map((source) => {
        const targets = importsOf(source).map(({ target }) => target);
        return [source.path.replace(/\.tsx?$/, ''), targets];
      }),
    );
    const finished = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, trail: readonly string[]) => {
      if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      if (trail.includes(file) || finished.has(file)) return;
      for (const target of edges.get(file) ?? []) visit(target, [...trail, file]);
      finished.add(file);
    };
    for (const file of edges.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });
});

describe('the core', () => {
  /** Exact in every engine; the others may differ in the last bit and have a twin in `src/numeric/math.ts`. */
  const exactMath = ['abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc'];
  const constants = ['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2'];
  const coreSources = sources.filter(({ folder }) => core.includes(folder));

  /** Uses of global names, however they are reached, in files of some folders. */
  function usesOf(where: readonly Source[], forbidden: (name: string, member: string | null) => boolean): string[] {
    const found: string[] = [];
    for (const source of where) {
      const report = (name: string, member: string | null, at: number) => {
        if (forbidden(name, member)) found.push(`${source.lineOf(at)} ${member === null ? name : `${name}.${member}`}`);
      };
      new Visitor({
        MemberExpression(node) {
          if (node.object.type !== 'Identifier') return;
          const { property } = node;
          const member = property.type === 'Identifier' && !node.computed ? property.name : '[…]';
          report(node.object.name, member, node.start);
        },
        CallExpression(node) {
          if (node.callee.type === 'Identifier') report(node.callee.name, null, node.start);
        },
        NewExpression(node) {
          if (node.callee.type === 'Identifier') report(node.callee.name, null, node.start);
        },
        VariableDeclarator(node) {
          // const { sin } = Math
          if (node.init?.type !== 'Identifier') return;
          const { name } = node.init;
          if (node.id.type !== 'ObjectPattern') return report(name, '[…]', node.start);
          for (const property of node.id.properties) {
            const isNamed = property.type === 'Property' && property.key.type === 'Identifier' && !property.computed;
            report(name, isNamed && property.key.type === 'Identifier' ? property.key.name : '[…]', node.start);
          }
        },
      }).visit(source.program);
    }
    return found;
  }

  test('uses only mathematics that gives the same bits in every engine', () => {
    const exact = new Set([...exactMath, ...constants]);
    expect(usesOf(coreSources, (name, member) => name === 'Math' && !exact.has(String(member)))).toEqual([]);
  });

  test('raises nothing to a power: engines round it differently', () => {
    const powers: string[] = [];
    for (const { program, lineOf } of coreSources) {
      new Visitor({
        BinaryExpression({ operator, left, right, start }) {
          // A power of two of two literals is exact everywhere, and reads better than its digits.
          const exact = left.type === 'Literal' && left.value === 2 && /^(Literal|UnaryExpression)$/.test(right.type);
          if (operator === '**' && !exact) powers.push(lineOf(start));
        },
        AssignmentExpression({ operator, start }) {
          if (operator === '**=') powers.push(lineOf(start));
        },
      }).visit(program);
    }
    expect(powers).toEqual([]);
  });

  test('draws no random number that no seed decides, here, in the store or in the charts', () => {
    const below = sources.filter(({ folder }) => folder !== 'src/app' && folder !== 'workers');
    expect(usesOf(below, (name, member) => name === 'Math' && member === 'random')).toEqual([]);
    expect(usesOf(below, (name) => name === 'crypto')).toEqual([]);
  });

  test('reads no clock', () => {
    const clocks = ['Date', 'performance', 'setTimeout', 'setInterval', 'requestAnimationFrame', 'queueMicrotask'];
    expect(usesOf(coreSources, (name) => clocks.includes(name))).toEqual([]);
  });

  test('touches no page, no network, no process', () => {
    const hosts = [
      'window',
      'document',
      'navigator',
      'location',
      'localStorage',
      'self',
      'globalThis',
      'fetch',
      'process',
      'postMessage',
    ];
    // The tfjs executor asks its library for the machine's backends; the library looks for itself.
    expect(usesOf(coreSources, (name) => hosts.includes(name))).toEqual([]);
  });

  test('formats nothing by the machine’s language', () => {
    const localised: string[] = [];
    for (const { program, lineOf } of coreSources) {
      new Visitor({
        MemberExpression({ property, start }) {
          if (property.type === 'Identifier' && /^(toLocale\w*|localeCompare)$/.test(property.name))
            localised.push(lineOf(start));
        },
      }).visit(program);
    }
    expect(localised).toEqual([]);
    expect(usesOf(coreSources, (name) => name === 'Intl')).toEqual([]);
  });

  test('builds no code from text: a link carries data only', () => {
    expect(usesOf(sources, (name, member) => (name === 'eval' || name === 'Function') && member === null)).toEqual([]);
  });
});

test('nothing asks for an algorithm or environment by name: capabilities are declared', () => {
  const ids = new Set([...Object.keys(algorithms), ...Object.keys(environments)]);
  const asked: string[] = [];
  const owners = ['src/algorithms', 'src/environments'];
  for (const { folder, program, lineOf } of sources.filter((source) => !owners.includes(source.folder))) {
    if (folder === 'workers') continue; // benchmarks measure named algorithms
    new Visitor({
      BinaryExpression({ operator, left, right, start }) {
        if (!/^[!=]==?$/.test(operator)) return;
        const names = [left, right].flatMap((side) =>
          side.type === 'Literal' && typeof side.value === 'string' ? [side.value] : [],
        );
        if (names.some((name) => ids.has(name))) asked.push(lineOf(start));
      },
      SwitchCase({ test: label, start }) {
        if (label?.type === 'Literal' && ids.has(String(label.value))) asked.push(lineOf(start));
      },
    }).visit(program);
  }
  expect(asked).toEqual([]);
});

test('the root holds what the owner fixed and what tools need there', () => {
  const allowed = [
    ...['package.json', 'package-lock.json', 'vite.config.ts', 'playwright.config.ts', 'biome.json', 'index.html'],
    ...['src', 'public', 'workers', 'e2e', 'README.md', 'LICENSE'],
  ];
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n');
  const isIgnored = (name: string) =>
    ignored.some((line) => line.replace(/\/$/, '') === name || (line.startsWith('*') && name.endsWith(line.slice(1))));
  const strays = readdirSync(root)
    .filter((name) => !name.startsWith('.') && !/^tsconfig(\.\w+)?\.json$/.test(name))
    .filter((name) => !allowed.includes(name) && !isIgnored(name));
  expect(strays).toEqual([]);
});
