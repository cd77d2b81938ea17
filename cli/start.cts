#!/usr/bin/env node
const fs = process.getBuiltinModule('node:fs');
const path = process.getBuiltinModule('node:path');
const vm = process.getBuiltinModule('node:vm');

/**
 * Starts numalab as users do: from the one file that the build has put together (bundle.ts), and with what V8 made of it then, where this
 * is the same Node. Looking for hundreds of modules and compiling them takes several times as long as a short run; taking the whole program
 * in takes longer than a help.
 */
const BUILT_WIDTH = 120; // of help.ts
const folder = path.join(__dirname, '../bin');
const file = path.join(folder, 'program.cjs');
const help = helpFor(process.argv.slice(2));
if (help === undefined || !isWritten(help)) start();

function start(): void {
  const script = new vm.Script(fs.readFileSync(file, 'latin1'), {
    filename: file,
    cachedData: bytecode(),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const program = { exports: {} as { main(): void } };
  (script.runInThisContext() as (...of: unknown[]) => void)(program.exports, require, program, file, folder);
  program.exports.main();
}

/** The help that a line plainly asks for and for nothing else, as the build has left it. Whatever else a line says, the program answers. */
function helpFor(argv: readonly string[]): string | undefined {
  const last = argv.at(-1);
  const isAsked = argv.length === 0 || argv[0] === 'help' || last === '--help' || last === '-h';
  if (!isAsked || process.stdout.columns < BUILT_WIDTH) return undefined; // no terminal: undefined, which is not less
  const words = argv[0] === 'help' ? argv.slice(1) : argv.slice(0, -1);
  if (words.includes('')) return undefined;
  try {
    const helps = JSON.parse(fs.readFileSync(path.join(folder, 'help.json'), 'utf8')) as Record<string, string>;
    return new Map(Object.entries(helps)).get(words.join(' '));
  } catch {
    return undefined;
  }
}

/** What keeps it from being written, such as a full disk, the program says. */
function isWritten(text: string): boolean {
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length;) at += fs.writeSync(1, bytes, at);
    return true;
  } catch {
    return false;
  }
}

/** None for a Node other than the one that built: V8 then compiles as it does any file. */
function bytecode(): Buffer | undefined {
  try {
    return fs.readFileSync(`${file}.${process.version}-${process.platform}-${process.arch}`);
  } catch {
    return undefined;
  }
}
