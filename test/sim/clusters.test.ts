import { expect, test } from 'vitest';
import { readScenario } from '../../experiments/scenario-input.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { buildMachine, capacityGBps, LINK } from '../../sim/machine.ts';
import { checkSpec } from '../../sim/machine-check.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import type { Recording } from '../../sim/recording.ts';
import { NONE, seconds } from '../../sim/units.ts';
import { workloads } from '../../workloads/index.ts';
import { FREE_COSTS, guest, pinned, scenario, workload } from './scenario-fixture.ts';

const clustered = (cpus: number, GBps: number): MachineSpec => ({
  ...lopsided,
  clusters: { value: { cpus, capacityGBps: GBps }, source: 'assumed: for this test' },
});

/** GB/s of one reader each on these CPUs, their memory on node 0, and the recording. */
function readOn(spec: MachineSpec, cpus: readonly number[]) {
  const machine = buildMachine(spec);
  const size = 64 * 1024 ** 2;
  const recording = run(
    scenario({
      machine,
      policy: pinned(cpus, () => 0),
      guests: [guest(workload('lmbench-rd'), { kind: 'bare', vcpus: cpus.length, memoryBytes: cpus.length * size * 2, set: { size } })],
      durationNs: seconds(1),
      blockBytes: 2 * 1024 ** 2,
      costs: FREE_COSTS,
      checks: 'cheap',
    }),
  );
  expect(recording.status).toBe('ok');
  return { GBps: recording.guests[0]!.throughput.value, causes: recording.guests[0]!.causes, machine, recording };
}

test('CPUs of a node share ports in runs, the last of which may be shorter', () => {
  const machine = buildMachine(clustered(2, 5.5));
  // nodes of 3, 1 and 2 CPUs; 9 controllers and links and 5 pairs stand before the ports
  expect([...machine.cpuPort]).toEqual([14, 14, 15, 16, 17, 17]);
  expect(machine.resourceNames.slice(14)).toEqual(['port 0.0', 'port 0.1', 'port 1.0', 'port 2.0']);
  expect([...machine.resourceKind.slice(14)]).toEqual([LINK, LINK, LINK, LINK]);
  expect(capacityGBps(machine, 15)).toBeCloseTo(5.5, 12);
  expect([...buildMachine(lopsided).cpuPort]).toEqual([NONE, NONE, NONE, NONE, NONE, NONE]);
});

test('two readers behind one port get what it carries, apart they get their own speed, and the wait is one for a link', () => {
  const spec = clustered(2, 5.5);
  const together = readOn(spec, [0, 1]); // alone each reads 3.6 GB/s
  expect(together.GBps).toBeCloseTo(5.5, 2);
  expect(together.causes.queueLink).toBeGreaterThan(0);
  const apart = readOn(spec, [0, 2]);
  expect(apart.GBps).toBeCloseTo(readOn(lopsided, [0, 2]).GBps, 9);
  expect(apart.GBps).toBeGreaterThan(6.5);
  expect(apart.causes.queueLink).toBe(0);
});

test('memory of another node comes through the port as well', () => {
  const spec = clustered(2, 2.1);
  const remote = readOn(spec, [4, 5]); // of node 2: both together could read 2.5 GB/s from node 0
  expect(readOn(lopsided, [4, 5]).GBps).toBeCloseTo(2.5, 2);
  expect(remote.GBps).toBeCloseTo(2.1, 2);
});

/** A written line weighs no more than a read one, so that controllers count what ports count. */
const evenly = (cpus: number, GBps: number): MachineSpec => ({ ...clustered(cpus, GBps), pairWriteGBps: lopsided.pairGBps! });

function bytesAt(spec: MachineSpec, recording: Recording, kind: string): number {
  const names = buildMachine(spec).resourceNames;
  return names.reduce((sum, name, i) => sum + (name.startsWith(kind) ? recording.bytesByResource[i]! : 0), 0);
}

test('bytes are counted at the port of the CPU that fetched them', () => {
  const spec = evenly(2, 5.5);
  const { recording } = readOn(spec, [0, 2]);
  expect(bytesAt(spec, recording, 'port 0.0')).toBeGreaterThan(1e9);
  expect(bytesAt(spec, recording, 'port') / bytesAt(spec, recording, 'controller')).toBeCloseTo(1, 6);
  expect([bytesAt(spec, recording, 'port 1'), bytesAt(spec, recording, 'port 2')]).toEqual([0, 0]);
});

test('a moved block comes through the port twice: read, and its new place fetched for ownership', () => {
  const narrow = 0.5;
  const spec = evenly(1, narrow);
  let moves = 0;
  let copyNs = 0;
  for (const seed of ['1', '3', '4']) {
    const flags = {
      machine: 'lopsided',
      policy: 'unpinned-migrating',
      workload: 'lmbench-rd:size=64MiB',
      guests: '5',
      duration: '6s',
      seed,
    };
    const recording = run(readScenario({ flags }, { machines: [spec], policies, workloads }));
    moves += recording.total.pageMoves;
    copyNs += recording.total.causes.pageCopy;
    expect(bytesAt(spec, recording, 'port') / bytesAt(spec, recording, 'controller'), `seed ${seed}`).toBeCloseTo(1, 6);
  }
  expect(moves).toBeGreaterThan(10);
  expect(copyNs / ((moves * 2 * 2 ** 21) / narrow)).toBeCloseTo(1, 3);
});

test.each([
  [0, 5, 'clusters.cpus = 0, want a whole number from 1'],
  [1.5, 5, 'clusters.cpus = 1.5, want a whole number from 1'],
  [2, 0, 'clusters.capacityGBps = 0, want more than 0'],
])('a cluster of %d CPUs with %d GB/s is refused', (cpus, GBps, message) => {
  expect(() => checkSpec(clustered(cpus, GBps))).toThrow(new RangeError(`lopsided: ${message}`));
});
