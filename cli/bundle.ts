import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, Script } from 'node:vm';
import { build, type Plugin } from 'esbuild';
import { commands } from './commands/index.ts';
import { writtenHelps } from './help.ts';
import type * as Program from './program.ts';

/**
 * The last step of `npm run build`, on what the compiler made under dist: one file of the whole program, what V8 makes of it, and the texts
 * of all helps, so that start.cts has little to do. Modules that commands load late stay asleep in that file until they do.
 */
const dist = fileURLToPath(new URL('../', import.meta.url));
const file = join(dist, 'bin/program.cjs');

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
  rmSync(dirname(file), { recursive: true, force: true });
  mkdirSync(dirname(file));
  await build({
    entryPoints: [join(dist, 'cli/program.js')],
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
  if (readFileSync(file).some((byte) => byte > 0x7f)) throw new Error(`${file}: not ASCII alone, as start.cts reads it`);
  writeFileSync(join(dirname(file), 'help.json'), `${JSON.stringify(await writtenHelps(commands))}\n`);
  writeFileSync(`${file}.${process.version}-${process.platform}-${process.arch}`, await compiled());
}

/** Bytecode of all functions that the shortest runs use: V8 compiles a function when it is first called. */
async function compiled(): Promise<Buffer> {
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const program = { exports: {} as typeof Program };
  const wrapper = script.runInThisContext() as (...of: unknown[]) => void;
  wrapper(program.exports, createRequire(import.meta.url), program, file, dirname(file));
  const { numalab, lateLab } = program.exports;
  const silent = { out: () => {}, err: () => {}, progress: () => {}, width: 100 };
  for (const line of ['--help', 'check', 'run --duration 1ms', 'run --duration 1ms --json']) {
    const code = await numalab(line.split(' '), lateLab(), silent);
    if (code !== 0) throw new Error(`numalab ${line} ended with ${code}`);
  }
  return script.createCachedData();
}

await bundle();
