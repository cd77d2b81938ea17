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
  /** Whether more than a number of vCPUs was written. */
  readonly isSaid: boolean;
}

export const MOST_VCPUS = 4096;
export const ONE_VCPU: Smp = { cpus: 1, maxCpus: 1, sockets: 1, dies: 1, cores: 1, threads: 1, isSaid: false };

/** Levels that x86 machines of QEMU do not have, or that a model without their caches cannot tell apart: only 1 is understood. */
const OTHER_LEVELS = ['drawers', 'books', 'clusters', 'modules'];
const LEVELS = ['sockets', 'dies', 'cores', 'threads'] as const;

/**
 * `-smp`: what is left out is worked out as QEMU does, cores before sockets in machines since 6.2 and sockets before cores until then.
 * After: hw/core/machine-smp.c, machine_parse_smp_config.
 * @throws FormatError with QEMU's reason
 */
export function readSmp(settings: Settings, prefersSockets = false): Smp {
  settings.allow(['cpus', 'maxcpus', ...LEVELS, ...OTHER_LEVELS]);
  const count = (key: string): number => settings.count(key, 1, MOST_VCPUS) ?? 0;
  for (const level of OTHER_LEVELS) if (count(level) > 1) settings.fail(settings.one(level), 'want 1: this level is not simulated');
  const cpus = count('cpus');
  let [sockets, dies, cores, threads] = LEVELS.map(count) as [number, number, number, number];
  let maxCpus = count('maxcpus');
  const isSaid = sockets + dies + cores + threads > 0;
  dies ||= 1;
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
      cores = Math.floor(maxCpus / (sockets * dies * threads));
    } else if (sockets === 0) {
      threads ||= 1;
      sockets = Math.floor(maxCpus / (dies * cores * threads));
    }
    threads ||= Math.floor(maxCpus / (sockets * dies * cores));
  }
  const total = sockets * dies * cores * threads;
  maxCpus ||= total;
  const found = cpus || maxCpus;
  const product = `sockets (${sockets}) * dies (${dies}) * cores (${cores}) * threads (${threads})`;
  if (total !== maxCpus) settings.fail(null, `${product} is not maxcpus (${maxCpus}), want the product of the topology to be as many`);
  if (found > maxCpus) settings.fail(settings.one('maxcpus'), `want no less than the ${found} cpus`);
  if (maxCpus > MOST_VCPUS) settings.fail(null, `${maxCpus} vCPUs, want at most ${MOST_VCPUS}`);
  return { cpus: found, maxCpus, sockets, dies, cores, threads, isSaid };
}
