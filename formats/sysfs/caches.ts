import type { Dump } from './sysfs.ts';
import type { TopologyNode } from '../topology.ts';

export type CacheSizes = Pick<TopologyNode, 'l1Bytes' | 'l2Bytes' | 'llcBytes' | 'llcCount'>;

interface Cache {
  readonly level: number;
  readonly bytes: number;
  /** Online CPUs that share it. */
  readonly cpus: readonly number[];
}

const MOST_INDEX = 16;
/** What virtual machines say of a cache that they know nothing of. */
const NO_SIZE = /^0+[KMG]?$/;
const MOST_KIB = 2 ** 31;
const UNITS: ReadonlyMap<string, number> = new Map([['K', 1024], ['M', 1024 ** 2], ['G', 1024 ** 3]]); // prettier-ignore

/** Whether more CPUs share the second level than the first, which is a core's own. */
function isShared(caches: readonly Cache[]): boolean {
  const widthOf = (wanted: number): number | undefined => caches.find(({ level }) => level === wanted)?.cpus.length;
  const [first, second] = [widthOf(1), widthOf(2)];
  return first !== undefined && second !== undefined && second > first;
}

/** Caches by node, of what each CPU says of its own. The last level is the highest there is from the third on, or a second that cores share. */
export class NodeCaches {
  readonly #dump: Dump;
  readonly #online: ReadonlySet<number>;
  readonly #remarks: string[];
  #hasSplit = false;

  constructor(dump: Dump, online: ReadonlySet<number>, remarks: string[]) {
    this.#dump = dump;
    this.#online = online;
    this.#remarks = remarks;
  }

  /**
   * Sizes of the CPUs' own, the smallest where they differ (hybrid processors), and the sum of the last-level caches: of one that several
   * nodes share, this node's part by its CPUs.
   */
  of(node: number, cpus: readonly number[]): CacheSizes {
    const own = new Set(cpus);
    const known = new Map<string, Cache>();
    const sizes = new Map([1, 2].map((level) => [level, new Set<number>()]));
    let isSecondShared = false;
    for (const cpu of cpus) {
      const caches = this.#cachesOf(cpu);
      isSecondShared ||= isShared(caches);
      for (const cache of caches) {
        known.set(`${cache.level}/${cache.cpus.join()}`, cache);
        sizes.get(cache.level)?.add(cache.bytes);
      }
    }
    const sizeOf = (level: number): number | null => this.#smallest(node, level, sizes.get(level)!);
    const ofCpus = { l1Bytes: sizeOf(1), l2Bytes: sizeOf(2) };
    const highest = Math.max(...[...known.values()].map(({ level }) => level), 0);
    const last = [...known.values()].filter(({ level }) => level === highest && (level >= 3 || (level === 2 && isSecondShared)));
    if (last.length === 0) return { ...ofCpus, llcBytes: null, llcCount: null };
    const shares = last.map((cache) => (cache.bytes * cache.cpus.filter((cpu) => own.has(cpu)).length) / cache.cpus.length);
    if (last.some((cache) => cache.cpus.some((cpu) => !own.has(cpu)))) this.#remarkSplit(node);
    return {
      ...ofCpus,
      llcBytes: Math.floor(shares.reduce((sum, bytes) => sum + bytes, 0)),
      llcCount: last.length,
    };
  }

  #cachesOf(cpu: number): Cache[] {
    const caches: Cache[] = [];
    for (let index = 0; index < MOST_INDEX; index++) {
      const folder = `devices/system/cpu/cpu${cpu}/cache/index${index}`;
      const level = this.#dump.whole(`${folder}/level`, 9);
      const size = this.#dump.sys(`${folder}/size`);
      if (level === null || size === null || NO_SIZE.test(size) || this.#dump.sys(`${folder}/type`) === 'Instruction') continue;
      const shared = this.#dump.idsIn(`${folder}/shared_cpu_list`, `${folder}/shared_cpu_map`, 4096) ?? [cpu];
      const cpus = shared.filter((one) => this.#online.has(one));
      caches.push({ level, bytes: this.#bytes(`${folder}/size`, size), cpus: cpus.length > 0 ? cpus : [cpu] });
    }
    return caches;
  }

  #bytes(name: string, text: string): number {
    const [, count, unit] = /^(\d{1,10})([KMG])$/.exec(text) ?? [];
    const KiB = (Number(count) * (UNITS.get(unit ?? '') ?? NaN)) / 1024;
    return KiB > 0 && KiB <= MOST_KIB ? KiB * 1024 : this.#dump.refuse(name, text, 'a size such as 512K');
  }

  #smallest(node: number, level: number, sizes: ReadonlySet<number>): number | null {
    if (sizes.size === 0) return null;
    const bytes = [...sizes].reduce((a, b) => Math.min(a, b));
    if (sizes.size > 1) this.#remarks.push(`the L${level} caches of node ${node} differ in size: the smallest is taken, ${bytes} bytes`);
    return bytes;
  }

  #remarkSplit(node: number): void {
    if (!this.#hasSplit) this.#remarks.push(`a last-level cache that node ${node} shares with others counts by its CPUs' part for each`);
    this.#hasSplit = true;
  }
}
