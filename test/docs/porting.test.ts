import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** Holds docs/porting-to-sched-ext.md to sim/policy-api.ts and the memory part beside it, so that neither a new hook is left out nor an old one stays in. */
const page = read('docs/porting-to-sched-ext.md');
const api = ts.createSourceFile('policy-api.ts', read('sim/policy-api.ts') + read('sim/memory-policy.ts'), ts.ScriptTarget.Latest, true);

/** Which part of the page maps what: its heading, and whose members stand in the left column of its table. */
const PARTS: readonly (readonly [heading: string, interfaces: readonly string[]])[] = [
  ['Hooks: CpuPolicy', ['CpuPolicy']],
  ['Helpers: Kernel', ['Kernel']],
  ['What sched_ext has no word for: placement, memory, daemons', ['PlacementPolicy', 'Placement', 'MemoryPolicy', 'Daemon', 'Actuators']],
];

test.each(PARTS)('"%s" has every member of its interfaces in its left column, and nothing else', (heading, interfaces) => {
  const members = interfaces.flatMap(membersOf);
  // What a part is called is no fact to port, but for CpuPolicy, where the kernel has a field for it.
  const wanted = interfaces.includes('CpuPolicy') ? members : members.filter((name) => name !== 'name');
  expect(leftColumn(heading).sort()).toEqual(wanted.sort());
});

test('the flags and constants are those that policy-api.ts exports, and Infinity', () => {
  expect(leftColumn('Flags and constants').sort()).toEqual([...exportedNumbers(), 'Infinity'].sort());
});

test('the parser finds what a reader of policy-api.ts finds', () => {
  expect(membersOf('Daemon')).toEqual(['name', 'periodNs', 'step']);
  expect(membersOf('Actuators')).toEqual(['setAffinity', 'setSoftAffinity', 'setWeight', 'migratePages']);
  expect(exportedNumbers()).toContain('DSQ_LOCAL_ON');
  expect(() => membersOf('Nobody')).toThrow('no interface Nobody');
});

test('the TypeScript of the example is the policy, without its comments', () => {
  const example = /```ts\n([^`]+)```/.exec(page)![1]!;
  const policy = read('policies/cpu/central-fifo.ts').replace(/^ *\/\/.*\n/gm, '').replace(/\n\n/g, '\n'); // prettier-ignore
  expect(policy).toContain(`    name: 'central-fifo',\n${example}  };\n}\n`);
});

test('the C of the example says that nobody compiled it, and the page is short enough to be read', () => {
  expect(page).toMatch(/A sketch that was not compiled[^\n]*\n\n```c\n/);
  expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

function read(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
}

/** What stands in backticks in the first cell of each row of the table under a heading. */
function leftColumn(heading: string): string[] {
  const part = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`the page has no part "${heading}"`);
  const rows = part.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}

function membersOf(name: string): string[] {
  const found = api.statements.find((one): one is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(one) && one.name.text === name);
  if (!found) throw new Error(`policy-api.ts has no interface ${name}`);
  return found.members.map((member) => member.name!.getText(api));
}

/** Constants in capitals, but FLOATING, which is a placement. */
function exportedNumbers(): string[] {
  const declared = api.statements.filter(ts.isVariableStatement).flatMap((one) => [...one.declarationList.declarations]);
  return declared.map((one) => one.name.getText(api)).filter((name) => name !== 'FLOATING');
}
