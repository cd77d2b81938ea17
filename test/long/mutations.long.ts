import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

/**
 * Tests of the tests: the simulator is broken in one place, in a copy, and the short tests of the engine must notice. Each mutant is
 * a bug that a simulator of this kind could well have without anything crashing.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const PARTS = [
  'sim',
  'machines',
  'workloads',
  'policies',
  'experiments',
  'report',
  'test',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];
let copy = '';

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'numalab-mutant-'));
  for (const part of PARTS) cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const TESTS = ['engine', 'speeds', 'host', 'closed-forms', 'cold-cache', 'guest-scheduler'].map((name) => `test/sim/${name}.test.ts`);

function testsPass(): boolean {
  const { status, stdout } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', ...TESTS], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true' },
  });
  expect(stdout, 'the tests did not run').toMatch(/Tests .*(passed|failed)/);
  return status === 0;
}

test('as it is, the engine passes', () => expect(testsPass()).toBe(true));

test.each([
  [
    'the remote penalty is dropped',
    'sim/flows.ts',
    'return idleLineNs(machine, cpuNode * machine.nodeCount + node, inFlight, writeShare);',
    'return idleLineNs(machine, cpuNode * machine.nodeCount + cpuNode, inFlight, writeShare + 0 * node);',
  ],
  [
    'node indices are the wrong way round',
    'sim/flows.ts',
    'return idleLineNs(machine, cpuNode * machine.nodeCount + node, inFlight, writeShare);',
    'return idleLineNs(machine, node * machine.nodeCount + cpuNode, inFlight, writeShare);',
  ],
  ['the speed is not renewed at the end of a phase', 'sim/flows.ts', 'if (isSame) return;', 'if (w.offeredNode[cpu]! >= 0) return;'],
  ['a neighbour that ends keeps its share of the controller', 'sim/flows.ts', '    w.contention.clearFlow(cpu);\n', ''],
  ['a migration costs no cache', 'sim/cold-cache.ts', '  w.coldCache[vcpu] = 2;\n', ''],
  ['service takes 2 % longer', 'sim/segments.ts', 'Math.ceil(w.segLeft[cpu]! * unitNs)', 'Math.ceil(w.segLeft[cpu]! * unitNs * 1.02)'],
  ['cleared pages are fetched first', 'sim/flows.ts', 'return buildLines(w, cpu, 0, 1, ', 'return buildLines(w, cpu, 1, 1, '],
  ['the guest’s queue forgets who has had most', 'sim/guest-scheduler.ts', '+= runtimeNs - w.chargedNs[vcpu]!;', '+= 0 * runtimeNs;'],
  ['what was left on a node never fades', 'sim/cold-cache.ts', 'lostSince(w, toNode, w.leftFilled[vcpu]!)', '0'],
] as const)('the tests fail when %s', (_, file, right, wrong) => {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  expect(source.split(right), `the place to break in ${file}`).toHaveLength(2);
  writeFileSync(
    path,
    source.replace(right, () => wrong),
  );
  try {
    expect(testsPass()).toBe(false);
  } finally {
    writeFileSync(path, source);
  }
});
