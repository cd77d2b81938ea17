import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

interface Rule {
  /** Files (or whole folders, ending in /) it may import beside its own folder. */
  readonly values: readonly string[];
  /** What it may import with `import type` only. */
  readonly types: readonly string[];
  /** Packages; 'any' includes Node's own modules. */
  readonly packages: readonly string[] | 'any';
}

const EVERYTHING = ['sim/', 'machines/', 'workloads/', 'policies/', 'experiments/', 'formats/', 'report/'];
const MACHINE = ['sim/machine-spec.ts', 'sim/machine.ts', 'sim/route.ts', 'sim/units.ts'];
const WORKLOAD_API = ['sim/workload-api.ts', 'sim/options.ts', 'sim/random.ts', 'sim/units.ts'];
const POLICY_API = ['sim/policy-api.ts', 'sim/options.ts', 'sim/units.ts'];

/** Who may import whom. A folder may always import itself. */
const TABLE: Readonly<Record<string, Rule>> = {
  sim: { values: [], types: [], packages: ['seedrandom'] },
  machines: { values: MACHINE, types: [], packages: [] },
  workloads: { values: WORKLOAD_API, types: [], packages: [] },
  policies: { values: POLICY_API, types: [], packages: [] },
  formats: { values: ['sim/units.ts'], types: ['sim/'], packages: 'any' },
  report: { values: ['sim/recording.ts', ...MACHINE], types: ['sim/', 'experiments/'], packages: 'any' },
  experiments: { values: EVERYTHING, types: [], packages: 'any' },
  cli: { values: EVERYTHING, types: [], packages: 'any' },
  bench: { values: [...EVERYTHING, 'cli/'], types: [], packages: 'any' },
  docs: { values: [...EVERYTHING, 'cli/', 'bench/'], types: [], packages: 'any' },
  test: { values: [...EVERYTHING, 'cli/', 'bench/'], types: [], packages: 'any' },
};
const MAY_USE_CONSOLE = ['cli', 'bench', 'test'];

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, object>;
const dependencies = new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
const files = Object.keys(TABLE).flatMap((folder) => sourcesIn(join(root, folder)));

test.each(files)('%s keeps to the import table', (file) => {
  expect(breaches(file, readFileSync(join(root, file), 'utf8'))).toEqual([]);
});

test('every folder with sources is in the table', () => {
  const folders = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !/^\.|node_modules|dist/.test(entry.name),
  );
  const unknown = folders.filter(({ name }) => !(name in TABLE) && sourcesIn(join(root, name)).length > 0);
  expect(unknown.map(({ name }) => name)).toEqual([]);
  expect(files.length).toBeGreaterThan(10);
});

describe('the table refuses', () => {
  test.each([
    ['sim/engine.ts', "import { apart } from '../policies/cpu/apart.ts';", 'imports policies/cpu/apart.ts'],
    ['sim/engine.ts', "import type { Options } from '../cli/options.ts';", 'imports cli/options.ts'],
    ['sim/engine.ts', "import { mean } from 'simple-statistics';", 'imports simple-statistics'],
    ['sim/engine.ts', "import fs from 'node:fs';", 'imports node:fs'],
    ['sim/engine.ts', "const { readFileSync } = await import('fs');", 'imports fs'],
    ['sim/engine.ts', 'const name = "x"; await import(name);', 'imports something computed'],
    ['sim/engine.ts', "export * from '../report/table.ts';", 'imports report/table.ts'],
    ['sim/engine.ts', "let policy: import('../policies/index.ts').Entry;", 'imports policies/index.ts'],
    ['machines/twin.ts', "import { run } from '../sim/engine.ts';", 'imports sim/engine.ts'],
    ['machines/twin.ts', "import seedrandom from 'seedrandom';", 'imports seedrandom'],
    ['workloads/web.ts', "import type { World } from '../sim/world.ts';", 'imports sim/world.ts'],
    ['workloads/web.ts', "import { cpus } from 'node:os';", 'imports node:os'],
    ['policies/cpu/apart.ts', "import { world } from '../../sim/world.ts';", 'imports sim/world.ts'],
    ['policies/cpu/apart.ts', "import process from 'node:process';", 'imports node:process'],
    ['formats/qemu.ts', "import { run } from '../sim/engine.ts';", 'imports sim/engine.ts'],
    ['report/page.ts', "import { sweep } from '../experiments/sweep.ts';", 'imports experiments/sweep.ts'],
    ['report/page.ts', "import { type A, sweep } from '../experiments/sweep.ts';", 'imports experiments/sweep.ts'],
    ['experiments/deck.ts', "import { main } from '../cli/main.ts';", 'imports cli/main.ts'],
    ['experiments/deck.ts', "import { fixture } from '../test/fixture.ts';", 'imports test/fixture.ts'],
    ['cli/main.ts', "import { run } from '../sim/engine.js';", 'imports sim/engine.js without its .ts'],
    ['cli/main.ts', "import { run } from 'numalab/../../other.ts';", 'imports numalab, which package.json does not have'],
    ['sim/engine.ts', "console.log('here');", 'uses console'],
    ['experiments/deck.ts', "function note() { globalThis.console.error('x'); }", 'uses console'],
    ['report/table.ts', "process.stdout.write('x');", 'uses process.stdout'],
  ])('%s: %s', (file, source, breach) => {
    expect(breaches(file, source)).toEqual([breach]);
  });
});

describe('the table allows', () => {
  test.each([
    ['sim/random.ts', "import seedrandom from 'seedrandom';\nimport { ms } from './units.ts';"],
    ['machines/twin.ts', "import type { MachineSpec } from '../sim/machine-spec.ts';\nimport { ring } from './ring.ts';"],
    ['policies/cpu/apart.ts', "import { compose } from '../../sim/policy-api.ts';\nimport { fair } from './fair.ts';"],
    ['report/page.ts', "import type { Sweep } from '../experiments/sweep.ts';\nimport { type Machine } from '../sim/machine.ts';"],
    ['experiments/deck.ts', "import { readFileSync } from 'node:fs';\nimport { plot } from '../report/plot.ts';"],
    ['cli/main.ts', "import yargs from 'yargs/yargs';\nconsole.log(process.stdout.columns);"],
    ['sim/engine.ts', "// console.log and import 'node:fs' in a comment\nconst text = \"import x from 'node:fs'; console\";"],
    ['sim/engine.ts', 'const view = { console: 1 }; view.console;'],
  ])('%s: %s', (file, source) => {
    expect(breaches(file, source)).toEqual([]);
  });
});

interface Import {
  readonly from: string | null;
  readonly isType: boolean;
}

/** What a source file breaks of the table, one phrase each. */
function breaches(file: string, source: string): string[] {
  const folder = file.slice(0, file.indexOf('/'));
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const { imports, uses } = scan(tree);
  const found = imports.flatMap((one) => breachOf(one, file, folder) ?? []);
  if (!MAY_USE_CONSOLE.includes(folder)) found.push(...uses.map((use) => `uses ${use}`));
  return found;
}

function breachOf({ from, isType }: Import, file: string, folder: string): string | null {
  const { values, types, packages } = TABLE[folder]!;
  if (from === null) return packages === 'any' ? null : 'imports something computed';
  if (!from.startsWith('.')) return packageBreach(from, packages);
  const target = posix.join(posix.dirname(file), from);
  if (!target.endsWith('.ts')) return `imports ${target} without its .ts`;
  const allowed = [`${folder}/`, ...values, ...(isType ? types : [])];
  return allowed.some((one) => (one.endsWith('/') ? target.startsWith(one) : target === one)) ? null : `imports ${target}`;
}

function packageBreach(from: string, packages: Rule['packages']): string | null {
  if (from === 'numalab/policy' && packages === 'any') return null; // ourselves, as users see us
  const name = from.startsWith('@') ? from.split('/').slice(0, 2).join('/') : from.split('/')[0]!;
  if (packages !== 'any') return packages.includes(name) ? null : `imports ${from}`;
  return name.startsWith('node:') || dependencies.has(name) ? null : `imports ${name}, which package.json does not have`;
}

/** Every way TypeScript has to name another module, and every use of the console. */
function scan(tree: ts.SourceFile): { imports: Import[]; uses: string[] } {
  const imports: Import[] = [];
  const uses: string[] = [];
  const textOf = (node: ts.Node | undefined): string | null => (node && ts.isStringLiteralLike(node) ? node.text : null);
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      imports.push({ from: textOf(node.moduleSpecifier), isType: isTypeImport(node.importClause) });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      imports.push({ from: textOf(node.moduleSpecifier), isType: node.isTypeOnly });
    } else if (ts.isImportTypeNode(node)) {
      imports.push({ from: ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : null, isType: true });
    } else if (
      ts.isCallExpression(node) &&
      (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require')
    ) {
      imports.push({ from: textOf(node.arguments[0]), isType: false });
    } else if (ts.isIdentifier(node) && node.text === 'console' && isGlobalName(node)) {
      uses.push('console');
    } else if (ts.isPropertyAccessExpression(node) && /^process\.(stdout|stderr)$/.test(node.getText())) {
      uses.push(node.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { imports, uses };
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false; // import './x.ts' runs it
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  return !clause.name && named !== undefined && ts.isNamedImports(named) && named.elements.every((element) => element.isTypeOnly);
}

/** Whether the name stands for the global object, and not for a property of something else. */
function isGlobalName(name: ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) return parent.name !== name;
  return !ts.isPropertyAccessExpression(parent) || parent.expression === name || parent.expression.getText() === 'globalThis';
}

function sourcesIn(folder: string): string[] {
  if (!existsSync(folder)) return []; // a folder of the table that has no file yet
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return names.map((name) => relative(root, join(folder, name)).split(sep).join('/')).sort();
}
