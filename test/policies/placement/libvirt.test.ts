import { expect, test } from 'vitest';
import { bind } from '../../../policies/memory/bind.ts';
import { libvirt, type LibvirtOptions } from '../../../policies/placement/libvirt.ts';
import type { Placement } from '../../../sim/policy-api.ts';
import type { NodeId } from '../../../sim/units.ts';
import { fakeKernel } from '../fake-kernel.ts';

const HELD: LibvirtOptions = { nodeset: 'turn', holdsVcpus: true, pinsVcpus: false, mostNodes: Infinity };

function placed(change: Partial<LibvirtOptions>): Placement[] {
  const k = fakeKernel({ nodeCpus: [2, 0, 3], memoryGiB: [8, 8, 8], guests: [{ vcpus: 2 }, { vcpus: 2 }, { vcpus: 3 }] });
  const placement = libvirt({ ...HELD, ...change });
  return [0, 1, 2].map((guest) => k.admit(guest, placement, bind()));
}

test('libvirt gives each guest the node whose turn it is, or all the nodes of the nodeset', () => {
  expect(placed({}).map(({ hardNodes, memoryNodes }) => [hardNodes, memoryNodes])).toEqual([[[0], [0]], [[2], [2]], [[0], [0]]]); // prettier-ignore
  const nodeset = [2, 1] as NodeId[];
  expect(placed({ nodeset })[0]).toEqual({ hardNodes: [2, 1], softNodes: null, memoryNodes: [2, 1] });
  expect(placed({ nodeset, holdsVcpus: false, mostNodes: 1 })[0]).toEqual({ hardNodes: null, softNodes: null, memoryNodes: [2] });
});

test('libvirt pins vCPUs to the least used CPUs of their nodes', () => {
  // node 0 has CPUs 0 and 1, node 2 has CPUs 2 to 4; the third guest is back on node 0
  expect(placed({ pinsVcpus: true }).map(({ hardCpus }) => hardCpus)).toEqual([[[0], [1]], [[2], [3]], [[0], [1], [0]]]); // prettier-ignore
  // all five CPUs in turn, by id
  expect(placed({ pinsVcpus: true, nodeset: [2, 0] as NodeId[] }).map(({ hardCpus }) => hardCpus)).toEqual([[[0], [1]], [[2], [3]], [[4], [0], [1]]]); // prettier-ignore
});

test('libvirt asks numad when placement is auto', () => {
  // 1 GiB each; two of node 2's three CPUs are worth most, as it has one in excess; then node 0 has two and node 2 one
  expect(placed({ nodeset: 'auto' }).map(({ memoryNodes }) => memoryNodes[0])).toEqual([2, 0, 2]);
});
