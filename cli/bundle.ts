import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, Script } from 'node:vm';
import * as threads from 'node:worker_threads';
import { build, type Plugin } from 'esbuild';
import { policies } from '../policies/index.ts';
import { workloads } from '../workloads/index.ts';
import type { PoolReply, PoolSetup } from '../experiments/runs/pool.ts';
import type * as PoolWorker from '../experiments/runs/pool-worker.ts';
import { workerCode } from '../experiments/user-policy/worker-code.ts';
import { commands } from './commands/index.ts';
import { writtenHelps } from './help.ts';
import type * as Program from './program.ts';

/**
 * The last step of `npm run build`, on what the compiler made under dist: one file of the whole program and one of a pool's thread, what V8
 * makes of each, what threads for policies of the user's own run, and the texts of all helps, so that start.cts and pool-start.cts have little to do, and a line that asks for a help has nothing else to wait for. Modules that are loaded late stay
 * asleep in those files until they are.
 */
const dist = fileURLToPath(new URL('../', import.meta.url));
const folder = join(dist, 'bin');

/** What a short run needs. All other packages are found in node_modules when a command needs them: esbuild, TypeScript, yargs, ... */
const BUNDLED = ['cli-table3', 'seedrandom', 'simple-statistics', 'zod/mini'];

const OWN_ADDRESS = 'ownAddressOfModule';

/** A module's own address stays that of its file under dist, by which it finds workers, types and the code it hashes. */
const ownAddress: Plugin = {
  name: 'own address',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const place = relative(dist, path).split(sep).join('/');
      if (place.startsWith('..')) return undefined; // of a package
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      const address = `require("node:url").pathToFileURL(require("node:path").join(__dirname, ${JSON.stringify(`../${place}`)})).href`;
      return { contents: `const ${OWN_ADDRESS} = ${address}; ${text}` };
    });
  },
};

const packages: Plugin = {
  name: 'packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, importer }) =>
      importer === '' || importer.includes('node_modules') || BUNDLED.some((name) => path === name || path.startsWith(`${name}/`))
        ? undefined
        : { path, external: true },
    );
  },
};

async function bundle(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(folder, 'help.json'), `${JSON.stringify(await writtenHelps(commands))}\n`);
  for (const module of ['worker', 'isolated-main'] as const) {
    writeFileSync(join(folder, `policy-${module}.js`), await workerCode(module));
  }
  await together('cli/program.js', 'program.cjs', shortLines);
  await together('experiments/runs/pool-worker.js', 'pool-worker.cjs', shortRuns);
}

/** Puts a module and all it imports into one file, with V8's bytecode of the functions that `use` calls: V8 compiles one when it is first called. */
async function together<Exports>(
  module: string,
  name: string,
  use: (load: (require: NodeJS.Require) => Exports) => Promise<void>,
): Promise<void> {
  const file = join(folder, name);
  await build({
    entryPoints: [join(dist, module)],
    outfile: file,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true, // names stay, for --debug
    legalComments: 'none',
    supported: { 'template-literal': false }, // tagged ones keep their characters, and the file is read as one byte each
    logLevel: 'warning',
    define: { 'import.meta.url': OWN_ADDRESS },
    plugins: [packages, ownAddress],
    banner: { js: '(function(exports,require,module,__filename,__dirname){' },
    footer: { js: '})' },
  });
  if (readFileSync(file).some((byte) => byte > 0x7f)) throw new Error(`${file}: not ASCII alone, as it is read`);
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  await use((require) => {
    const loaded = { exports: {} as Exports };
    const wrapper = script.runInThisContext() as (...of: unknown[]) => void;
    wrapper(loaded.exports, require, loaded, file, folder);
    return loaded.exports;
  });
  writeFileSync(`${file}.${process.version}-${process.platform}-${process.arch}`, script.createCachedData());
}

async function shortLines(load: (require: NodeJS.Require) => typeof Program): Promise<void> {
  const { numalab, lateLab } = load(createRequire(import.meta.url));
  const silent = { out: () => {}, err: () => {}, progress: () => {}, width: 100 };
  for (const line of ['check', 'run --duration 1ms', 'run --duration 1ms --json']) {
    const code = await numalab(line.split(' '), lateLab(), silent);
    if (code !== 0) throw new Error(`numalab ${line} ended with ${code}`);
  }
}

/** Each policy once, and each workload, as a thread of a pool runs them. */
async function shortRuns(load: (require: NodeJS.Require) => typeof PoolWorker): Promise<void> {
  const require = createRequire(import.meta.url);
  const workerData: PoolSetup = { version: 'build', isIsolated: false };
  const inThread = (name: string): unknown => (name === 'node:worker_threads' ? { ...threads, workerData } : require(name));
  const { execute } = load(Object.assign(inThread, require));
  for (let at = 0; at < Math.max(policies.length, workloads.length); at++) {
    const words = { policy: policies[at % policies.length]!.name, workload: workloads[at % workloads.length]!.name, duration: '20ms' };
    const reply: PoolReply = await execute({ words, policies: [], files: {}, timelinePoints: at % 2 === 0 ? 0 : 4 });
    if (reply.told !== 'result') throw new Error(`a run of ${words.policy} and ${words.workload} was answered: ${reply.message}`);
  }
}

await bundle();
