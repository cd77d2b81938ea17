import { describe, expect, test } from 'vitest';
import { readHwlocXml } from '../../../formats/hwloc/xml.ts';
import type { TopologyNode } from '../../../formats/topology.ts';
import { hex, node, pu, xml } from './xml-fixture.ts';

test('a last-level cache of the fourth level counts, an L3 that is a memory-side cache does not', () => {
  const cache = (type: string, bytes: number, inside: string, more = ''): string =>
    `<object type="${type}" cpuset="0x1" cache_size="${bytes}" ${more}>${inside}</object>`;
  const l3 = cache('L3Cache', 300, pu(0));
  expect(readHwlocXml(xml('0x1', node(0, [0]) + cache('L4Cache', 4000, l3))).nodes[0]).toMatchObject({ llcBytes: 4000, llcCount: 1 });
  const memorySide = readHwlocXml(xml('0x1', node(0, [0]) + cache('L3Cache', 5000, pu(0), 'subtype="MemorySideCache"')));
  expect(memorySide.nodes[0]).toMatchObject({ llcBytes: null, llcCount: null });
  expect(memorySide.remarks).toEqual(['1 memory-side caches have no place in the model: passed over']);
  const unknown = readHwlocXml(xml('0x1', node(0, [0]) + cache('L3Cache', 0, pu(0))));
  expect(unknown.nodes[0]).toMatchObject({ llcBytes: null, llcCount: 1 });
});

test('a cache of size 0 has an unknown one', () => {
  const l1 = (bytes: number, id: number): string => `<object type="L1Cache" cpuset="${hex([id])}" cache_size="${bytes}">${pu(id)}</object>`;
  expect(readHwlocXml(xml('0x3', node(0, [0, 1]) + l1(0, 0) + l1(48, 1))).nodes[0]!.l1Bytes).toBe(48);
});

describe('a second level of cache', () => {
  const l2 = (bytes: number, cpus: readonly number[], below: string): string =>
    `<object type="L2Cache" cpuset="${hex(cpus)}" cache_size="${bytes}" depth="2" cache_type="0">${below}</object>`;
  const core = (...cpus: number[]): string => `<object type="Core" cpuset="${hex(cpus)}">${cpus.map(pu).join('')}</object>`;
  const last = (objects: string): unknown => {
    const [{ l2Bytes, llcBytes, llcCount }] = readHwlocXml(xml('0x1f', `${node(0, [0, 1, 2, 3, 4])}${objects}`)).nodes as [TopologyNode];
    return { l2Bytes, llcBytes, llcCount };
  };

  test('that cores share is the last one, each counted once', () => {
    const objects = l2(6000, [0, 1, 2], core(0, 2) + core(1)) + l2(5000, [3, 4], core(3) + core(4));
    expect(last(objects)).toEqual({ l2Bytes: 5000, llcBytes: 11_000, llcCount: 2 });
  });

  test('that only the threads of a core share is not', () => {
    const objects = l2(6000, [0, 2], core(0, 2)) + l2(6000, [1], core(1)) + l2(6000, [3, 4], core(3, 4));
    expect(last(objects)).toEqual({ l2Bytes: 6000, llcBytes: null, llcCount: null });
  });

  test('is not where there is a third', () => {
    const third = `<object type="L3Cache" cpuset="0x3" cache_size="9000" depth="3" cache_type="0">${l2(6000, [0, 1], core(0) + core(1))}</object>`;
    expect(last(third + l2(5000, [2, 3, 4], core(2) + core(3) + core(4)))).toEqual({ l2Bytes: 5000, llcBytes: 9000, llcCount: 1 });
  });
});
