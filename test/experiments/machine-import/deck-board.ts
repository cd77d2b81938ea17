import { opteron6164 } from '../../../machines/opteron-6164-4s.ts';
import { dumpOf, type Dumped } from '../../formats/sysfs-fixture.ts';

/** Ids with gaps, as a firmware may give them; not those of any known board. */
export const BOARD_IDS: readonly number[] = [0, 1, 4, 5, 18, 19, 32, 40];
/** In kB: up to 1 % less than is fitted. */
const KB = [8, 16, 8, 16, 8, 16, 8, 16].map((GiB, node) => GiB * 1024 ** 2 - (node + 1) * 4096);

export const boardDump: Dumped = {
  name: 'Own Board',
  nodes: BOARD_IDS.map((id, node) => ({
    id,
    package: Math.floor(node / 2),
    cores: Array.from({ length: 6 }, (_, i) => [node * 6 + i]),
    kB: KB[node]!,
    distances: opteron6164.slit.value[node]!,
  })),
};

export function boardFiles(): Map<string, string> {
  return dumpOf(boardDump);
}

/** As numactl prints it, with figures of its own for what is free. */
export function boardNumactl(): string {
  const wide = (value: number): string => String(value).padStart(3);
  return [
    `available: 8 nodes (${BOARD_IDS.join(',')})`,
    ...boardDump.nodes.flatMap(({ id, cores, kB }) => [`node ${id} cpus: ${cores.flat().join(' ')}`, `node ${id} size: ${Math.floor(kB / 1024)} MB`, `node ${id} free: ${id} MB`]), // prettier-ignore
    'node distances:',
    `node ${BOARD_IDS.map((id) => `${wide(id)} `).join('')}`,
    ...boardDump.nodes.map(({ id, distances }) => `${wide(id)}: ${distances.map((one) => `${wide(one)} `).join('')}`),
    '',
  ].join('\n');
}

/** As hwloc 2 writes it: nodes are children of packages, beside a cache for their cores. */
export function boardXml(): string {
  const mask = (ids: readonly number[]): string => {
    const words = [0, 0];
    for (const id of ids) words[id >> 5]! |= 1 << (id & 31);
    return `0x${(words[1]! >>> 0).toString(16).padStart(8, '0')},0x${(words[0]! >>> 0).toString(16).padStart(8, '0')}`;
  };
  const all = boardDump.nodes.flatMap(({ cores }) => cores.flat());
  const pairs = (nodes: typeof boardDump.nodes): string => `cpuset="${mask(nodes.flatMap(({ cores }) => cores.flat()))}" nodeset="${mask(nodes.map(({ id }) => id))}"`; // prettier-ignore
  const dies = boardDump.nodes.map((node) => {
    const cores = node.cores.map(([cpu]) => `<object type="L2Cache" cache_size="524288" depth="2" cache_linesize="64" cache_associativity="16" cache_type="0" cpuset="${mask([cpu!])}"><object type="L1Cache" cache_size="65536" depth="1" cache_linesize="64" cache_associativity="2" cache_type="1" cpuset="${mask([cpu!])}"><object type="Core" os_index="${cpu! % 6}" cpuset="${mask([cpu!])}"><object type="PU" os_index="${cpu}" cpuset="${mask([cpu!])}"/></object></object></object>`); // prettier-ignore
    return `<object type="L3Cache" cache_size="${5118 * 1024}" depth="3" cache_linesize="64" cache_associativity="48" cache_type="0" ${pairs([node])}><object type="NUMANode" os_index="${node.id}" ${pairs([node])} local_memory="${node.kB * 1024}"/>${cores.join('')}</object>`; // prettier-ignore
  });
  const packages = [0, 1, 2, 3].map((at) => `<object type="Package" os_index="${at}" ${pairs(boardDump.nodes.slice(2 * at, 2 * at + 2))}>${dies[2 * at]}${dies[2 * at + 1]}</object>`); // prettier-ignore
  const values = boardDump.nodes.flatMap(({ distances }) => distances).join(' ');
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE topology SYSTEM "hwloc2.dtd">
<topology version="2.0">
<object type="Machine" os_index="0" cpuset="${mask(all)}" complete_cpuset="${mask(all)}" allowed_cpuset="${mask(all)}" nodeset="${mask(BOARD_IDS)}" complete_nodeset="${mask(BOARD_IDS)}" allowed_nodeset="${mask(BOARD_IDS)}">
<info name="DMIProductName" value="Own Board"/>${packages.join('')}</object>
<distances2 type="NUMANode" nbobjs="8" kind="5" name="NUMALatency" indexing="os"><indexes length="${BOARD_IDS.join(' ').length}">${BOARD_IDS.join(' ')}</indexes><u64values length="${values.length}">${values}</u64values></distances2>
</topology>
`;
}
