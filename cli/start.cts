#!/usr/bin/env node
const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');
const vm = process.getBuiltinModule('node:vm');

/**
 * Starts numalab as users do: from the one file that the build has put together (bundle.ts), and with what V8 made of it then, where this
 * is the same Node. Looking for hundreds of modules and compiling them takes several times as long as a short run.
 */
const folder = path.join(__dirname, '../bin');
const file = path.join(folder, 'program.cjs');
const script = new vm.Script(fs.readFileSync(file, 'latin1'), {
  filename: file,
  cachedData: bytecode(),
  importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const program = { exports: {} as { main(): void } };
(script.runInThisContext() as (...of: unknown[]) => void)(program.exports, require, program, file, folder);
program.exports.main();

/** None for a Node other than the one that built: V8 then compiles as it does any file. */
function bytecode(): Buffer | undefined {
  try {
    return fs.readFileSync(`${file}.${process.version}-${process.platform}-${process.arch}`);
  } catch {
    return undefined;
  }
}
