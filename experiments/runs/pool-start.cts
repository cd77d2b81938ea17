import type { execute as Execute } from './pool-worker.ts' with { 'resolution-mode': 'import' };

const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');
const vm = process.getBuiltinModule('node:vm');

/**
 * What a thread of the pool loads where the build has put pool-worker.ts together into one file (cli/bundle.ts): that file, and with what
 * V8 made of it then, where this is the same Node. Threads share no compiled code, so each would look for a hundred modules and compile them.
 */
const folder = path.join(__dirname, '../../bin');
const file = path.join(folder, 'pool-worker.cjs');
const script = new vm.Script(fs.readFileSync(file, 'latin1'), {
  filename: file,
  cachedData: bytecode(),
  importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const worker = { exports: {} as { execute: typeof Execute } };
(script.runInThisContext() as (...of: unknown[]) => void)(worker.exports, require, worker, file, folder);
exports.execute = worker.exports.execute;

/** None for a Node other than the one that built: V8 then compiles as it does any file. */
function bytecode(): Buffer | undefined {
  try {
    return fs.readFileSync(`${file}.${process.version}-${process.platform}-${process.arch}`);
  } catch {
    return undefined;
  }
}
