import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { importMachine } from '../../../experiments/machine-import/import-machine.ts';
import { topologyOf } from '../../../experiments/machine-import/machine-topology.ts';
import { readHwlocXml } from '../../../formats/hwloc/xml.ts';
import { writeHwlocXml } from '../../../formats/hwloc/xml-writer.ts';
import { readNumactl, writeNumactl } from '../../../formats/numactl/numactl.ts';
import { readSysfs } from '../../../formats/sysfs/sysfs.ts';
import type { Topology } from '../../../formats/topology.ts';
import { machines } from '../../../machines/index.ts';
import type { MachineSpec } from '../../../sim/machine-spec.ts';
import { boardFiles } from './deck-board.ts';

const home = mkdtempSync(join(tmpdir(), 'numalab-export-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const imported = (topology: Topology): MachineSpec =>
  importMachine(topology, { name: 'mine', from: 'x', like: null, presets: machines }).spec;
const all = machines.map((spec) => [spec.name, spec] as const);

describe('a machine that is exported and imported again', () => {
  test.each(all)('%s by numactl keeps nodes, CPUs, memory in whole MB and distances', (_, spec) => {
    const topology = topologyOf(spec);
    const back = readNumactl(writeNumactl(topology));
    expect(back.distances).toEqual(spec.slit.value);
    expect(back.nodes.map(({ id, cpus }) => [id, cpus])).toEqual(topology.nodes.map(({ id, cpus }) => [id, cpus]));
    back.nodes.forEach(({ memoryBytes }, node) => expect(topology.nodes[node]!.memoryBytes! - memoryBytes!).toBeLessThan(1024 ** 2));
    const again = imported(back);
    expect(again.nodeCpus).toEqual(spec.nodeCpus);
    expect(writeNumactl(topologyOf(again))).toBe(writeNumactl(topology));
  });

  test.each(all)('%s by hwloc keeps packages, cores and caches too', (_, spec) => {
    const topology = topologyOf(spec);
    const back = readHwlocXml(writeHwlocXml(topology));
    expect(back.nodes).toEqual(topology.nodes);
    if (spec.nodeCpus.length > 1) expect(back.distances).toEqual(spec.slit.value);
    const again = readHwlocXml(writeHwlocXml(topologyOf(imported(back))));
    expect(again.nodes).toEqual(topology.nodes);
    expect(again.latencyNs).toEqual(back.latencyNs);
    expect(again.clockGHz).toBe(back.clockGHz);
  });

  test('a dump with gaps in its ids comes back by both', () => {
    const first = imported(readSysfs(boardFiles()));
    expect(imported(readHwlocXml(writeHwlocXml(topologyOf(first))))).toEqual({ ...first, summary: 'mine, read from x' });
    const text = imported(readNumactl(writeNumactl(topologyOf(first))));
    expect(text).toMatchObject({ nodeIds: first.nodeIds, nodeCpus: first.nodeCpus, nodeSocket: first.nodeSocket, slit: first.slit });
  });
});

test('the bandwidth of memory alone is that to the nearest CPUs, and comes back', () => {
  const node = (id: number, cpus: readonly number[]): Topology['nodes'][number] => ({ id, package: 0, cpus, cores: cpus.length > 0 ? [cpus] : null, memoryBytes: (id + 1) * 1024 ** 3, l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null }); // prettier-ignore
  const host: Topology = {
    name: null,
    nodes: [node(0, [0, 2]), node(1, [1, 3]), node(4, []), node(5, [])],
    distances: [[10, 12, 14, 13], [12, 10, 13, 14], [11, 13, 10, 14], [13, 11, 14, 10]], // prettier-ignore
    latencyNs: null,
    bandwidthGBps: [[60, null, null, 210], [null, 61, 200, null], [null, null, null, null], [null, null, null, null]], // prettier-ignore
    clockGHz: null,
    remarks: [],
  };
  const first = imported(host);
  expect(topologyOf(first).bandwidthGBps).toEqual(host.bandwidthGBps);
  const xml = writeHwlocXml(topologyOf(first));
  expect(writeHwlocXml(topologyOf(imported(readHwlocXml(xml))))).toBe(xml);
});

test('what is assumed is not told as if it were known', () => {
  const topology = topologyOf(imported(readNumactl('available: 1 nodes (0)\nnode 0 cpus: 0 1\nnode 0 size: 5210 MB\n')));
  expect(topology).toMatchObject({ latencyNs: null, bandwidthGBps: null, clockGHz: null });
  expect(topology.nodes[0]).toMatchObject({ l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null });
});

const hasLstopo = ((): boolean => {
  try {
    execFileSync('lstopo-no-graphics', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasLstopo)(`lstopo${hasLstopo ? '' : ' (skipped: not installed)'}`, () => {
  test.each(all)('opens %s and counts what it has', (name, spec) => {
    const file = join(home, `${name}.xml`);
    writeFileSync(file, writeHwlocXml(topologyOf(spec)));
    const count = (type: string): number => execFileSync('lstopo-no-graphics', ['-i', file, '--only', type], { encoding: 'utf8', env: { ...process.env, HWLOC_HIDE_ERRORS: '0' } }).split('\n').filter((line) => line !== '').length; // prettier-ignore
    expect(count('pu')).toBe(spec.nodeCpus.reduce((sum, cpus) => sum + cpus, 0));
    expect(count('numanode')).toBe(spec.nodeCpus.length);
    expect(count('package')).toBe(new Set(spec.nodeSocket.filter((_, node) => spec.nodeCpus[node]! > 0)).size);
  });
});
