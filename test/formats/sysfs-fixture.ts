import { MOST_TAR_BYTES, paddingOf, ustarHeader } from '../../formats/ustar.ts';

/** A small machine, of which a dump of /sys is made. */
export interface DumpedNode {
  readonly id: number;
  readonly package: number;
  /** Threads by core. */
  readonly cores: readonly (readonly number[])[];
  readonly kB: number;
  readonly distances: readonly number[];
}

export interface Dumped {
  readonly nodes: readonly DumpedNode[];
  readonly name?: string;
  readonly kHz?: number;
  readonly l1?: string;
  readonly l2?: string;
  readonly l3?: string;
}

const NODE = 'sys/devices/system/node';
const CPU = 'sys/devices/system/cpu';

/** Its files as a kernel has them, below a folder of the name of the machine. */
export function dumpOf(
  { nodes, name = 'Board', kHz = 1_700_000, l1 = '64K', l2 = '512K', l3 = '5118K' }: Dumped,
  root = 'host/',
): Map<string, string> {
  const files = new Map<string, string>();
  const put = (path: string, text: string | number): void => void files.set(`${root}${path}`, `${text}\n`);
  const online = nodes.flatMap(({ cores }) => cores.flat());
  put('proc/meminfo', 'MemTotal: 1 kB');
  put('sys/class/dmi/id/product_name', name);
  put(`${NODE}/online`, nodes.map(({ id }) => id).join());
  put(`${CPU}/online`, online.join());
  put(`${CPU}/present`, online.join());
  for (const { id, package: socket, cores, kB, distances } of nodes) {
    put(`${NODE}/node${id}/cpulist`, cores.flat().join());
    put(`${NODE}/node${id}/meminfo`, `\nNode ${id} MemTotal:       ${kB} kB\nNode ${id} MemFree:  5 kB`);
    put(`${NODE}/node${id}/distance`, distances.join(' '));
    for (const core of cores) {
      for (const cpu of core) {
        put(`${CPU}/cpu${cpu}/topology/physical_package_id`, socket);
        put(`${CPU}/cpu${cpu}/topology/thread_siblings_list`, core.join());
        put(`${CPU}/cpu${cpu}/cpufreq/cpuinfo_max_freq`, kHz);
        cache(cpu, 0, 1, 'Data', l1, core);
        cache(cpu, 1, 1, 'Instruction', '3K', core);
        cache(cpu, 2, 2, 'Unified', l2, core);
        cache(cpu, 3, 3, 'Unified', l3, cores.flat());
      }
    }
  }
  return files;

  function cache(cpu: number, index: number, level: number, type: string, size: string, shared: readonly number[]): void {
    const folder = `${CPU}/cpu${cpu}/cache/index${index}`;
    put(`${folder}/level`, level);
    put(`${folder}/type`, type);
    put(`${folder}/size`, size);
    put(`${folder}/shared_cpu_list`, shared.join());
  }
}

/** As a plain tar. */
export function tarOf(files: ReadonlyMap<string, string>): Buffer {
  const parts = [...files].flatMap(([name, text]) => {
    const content = Buffer.from(text);
    if (content.length > MOST_TAR_BYTES) throw new RangeError('too large');
    return [ustarHeader(name, content.length), content, Buffer.alloc(paddingOf(content.length))];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** Two nodes with a gap between their ids, two and one cores of two threads. */
export const smallDump: Dumped = {
  nodes: [
    { id: 1, package: 3, cores: [[0, 3], [1, 4]], kB: 8_000_000, distances: [10, 21] }, // prettier-ignore
    { id: 5, package: 7, cores: [[2, 5]], kB: 4_000_001, distances: [31, 10] },
  ],
};
