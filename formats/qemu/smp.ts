import type { Settings } from './options.ts';

/** vCPUs and their topology as QEMU completes them. */
export interface Smp {
  readonly cpus: number;
  /** More than `cpus`: the others may be plugged in later. */
  readonly maxCpus: number;
  readonly sockets: number;
  readonly dies: number;
  readonly cores: number;
  readonly threads: number;
  /** Clusters or modules of a die, of which `cores` counts the cores. */
  readonly groups: number;
  /** Whether more than a number of vCPUs was written. */
  readonly isSaid: boolean;
}

export const MOST_VCPUS = 4096;
export const ONE_VCPU: Smp = { cpus: 1, maxCpus: 1, sockets: 1, dies: 1, cores: 1, threads: 1, groups: 1, isSaid: false };

/** Levels above the socket, of s390x alone: only 1 is understood. */
const OUTER_LEVELS = ['drawers', 'books'];
/** Below the die, of arm and x86: their cores are counted, and they are not told apart. */
const INNER_LEVELS = ['clusters', 'modules'] as const;
const LEVELS = ['sockets', 'dies', 'cores', 'threads'] as const;

/**
 * `-smp`: what is left out is worked out as QEMU does, cores before sockets in machines since 6.2 and sockets before cores until then.
 * After: hw/core/machine-smp.c, machine_parse_smp_config.
 * @throws FormatError with QEMU's reason
 */
export function readSmp(settings: Settings, prefersSockets = false): Smp {
  settings.allow(['cpus', 'maxcpus', ...LEVELS, ...OUTER_LEVELS, ...INNER_LEVELS]);
  const count = (key: string): number => settings.count(key, 1, MOST_VCPUS) ?? 0;
  for (const level of OUTER_LEVELS) if (count(level) > 1) settings.fail(settings.one(level), 'want 1: this level is not simulated');
  const cpus = count('cpus');
  let [sockets, dies, cores, threads] = LEVELS.map(count) as [number, number, number, number];
  let maxCpus = count('maxcpus');
  const isSaid = sockets + dies + cores + threads > 0 || INNER_LEVELS.some((level) => count(level) > 0);
  dies ||= 1;
  const groups = INNER_LEVELS.reduce((product, level) => product * (count(level) || 1), 1);
  const outer = dies * groups;
  if (cpus === 0 && maxCpus === 0) {
    sockets ||= 1;
    cores ||= 1;
    threads ||= 1;
  } else {
    maxCpus ||= cpus;
    if (prefersSockets && sockets === 0) cores ||= 1;
    if (cores === 0) {
      sockets ||= 1;
      threads ||= 1;
      cores = Math.floor(maxCpus / (sockets * outer * threads));
    } else if (sockets === 0) {
      threads ||= 1;
      sockets = Math.floor(maxCpus / (outer * cores * threads));
    }
    threads ||= Math.floor(maxCpus / (sockets * outer * cores));
  }
  const total = sockets * outer * cores * threads;
  maxCpus ||= total;
  const found = cpus || maxCpus;
  const product = `sockets (${sockets}) * dies (${dies}) * ${groups > 1 ? `clusters or modules (${groups}) * ` : ''}cores (${cores}) * threads (${threads})`;
  if (total !== maxCpus) settings.fail(null, `${product} is not maxcpus (${maxCpus}), want the product of the topology to be as many`);
  if (found > maxCpus) settings.fail(settings.one('maxcpus'), `want no less than the ${found} cpus`);
  if (maxCpus > MOST_VCPUS) settings.fail(null, `${maxCpus} vCPUs, want at most ${MOST_VCPUS}`);
  return { cpus: found, maxCpus, sockets, dies, cores: groups * cores, threads, groups, isSaid };
}
