import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { show } from '../input-error.ts';
import { LIBRARY } from './library-name.ts';

/**
 * What TypeScript, at its strictest, has against a policy file, one line each: `mine.ts:3:7: Type 'string' is not ...`. Neither a tsconfig nor
 * node_modules of the user's is looked at.
 */
export function typeErrors(file: string): string[] {
  const program = ts.createProgram([resolve(file)], {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    allowJs: true,
    strict: true,
    noImplicitOverride: true,
    noFallthroughCasesInSwitch: true,
    skipLibCheck: true,
    types: [],
    noEmit: true,
    paths: { [LIBRARY]: [libraryFile()] },
  });
  const own = (found: ts.Diagnostic): boolean => !found.file || !isOurs(found.file.fileName);
  return ts.getPreEmitDiagnostics(program).filter(own).map(line);
}

/** The types of the library: beside this module, in dist or in the sources. */
function libraryFile(): string {
  const types = fileURLToPath(new URL('../../policies/library.d.ts', import.meta.url));
  return existsSync(types) ? types : types.replace(/\.d\.ts$/, '.ts');
}

const root = fileURLToPath(new URL('../../', import.meta.url));

function isOurs(fileName: string): boolean {
  return resolve(fileName).startsWith(resolve(root, 'sim')) || resolve(fileName).startsWith(resolve(root, 'policies'));
}

function line({ file, start, messageText }: ts.Diagnostic): string {
  const text = ts.flattenDiagnosticMessageText(messageText, ' ').replace(/\s+/g, ' ');
  if (!file || start === undefined) return text;
  const { line: row, character } = file.getLineAndCharacterOfPosition(start);
  return `${show(relative(process.cwd(), file.fileName))}:${row + 1}:${character + 1}: ${text}`;
}
