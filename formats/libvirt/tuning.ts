import { HOST_CPUS, HOST_NODES, readIdList } from '../id-sets.ts';
import { wholePercent, wholeWeight } from '../guest-share.ts';
import type { CpuChoice, GuestDescription, MemoryBinding } from '../guest-description.ts';
import type { CellMemory, VirtualCpus } from './cells.ts';
import { placed, type Remarks } from './remarks.ts';
import { failAt, onlyChild, wholeNumber, wordOf } from './values.ts';
import { attribute, childrenOf, type XmlElement, xmlFail } from '../xml.ts';

export type Tuning = Pick<GuestDescription, 'pins' | 'memory' | 'weight' | 'capPercent'> & { readonly cellMemory: CellMemory };

const MOST_CELLS = 254;
const MODES = ['strict', 'preferred', 'interleave', 'restrictive'] as const;
const PLACEMENTS = ['static', 'auto'] as const;

/** Shares of cgroup version 1, where 1024 is usual as 100 is here. */
const USUAL_SHARES = 1024;
/** On hosts with version 2 libvirt hands them on as cpu.weight. */
const USUAL_SHARES_OF_TWO = 100;
const USUAL_WEIGHT = 100;

/** Periods and quotas in µs: libvirt, docs/formatdomain.rst, CPU Tuning. */
const USUAL_PERIOD = 100_000;
const LEAST_PERIOD = 1000;
const MOST_PERIOD = 1_000_000;
const MOST_QUOTA = 17_592_186_044_415;

/** Threads that a guest here does not have. */
const OTHER_THREADS = ['emulatorpin', 'iothreadpin', 'emulatorsched', 'iothreadsched', 'emulator_period', 'emulator_quota', 'iothread_period', 'iothread_quota']; // prettier-ignore
const READ = ['shares', 'period', 'quota', 'global_period', 'global_quota', 'vcpupin'];

/** <vcpu>, <cputune> and <numatune>: where vCPUs and memory are held, and how much CPU time there is. */
export function tuningOf(domain: XmlElement, cpus: VirtualCpus, remarks: Remarks): Tuning {
  const numatune = onlyChild(domain, 'numatune');
  const memory = numatune && onlyChild(numatune, 'memory');
  const placements = placementsOf(cpus.element, memory);
  const cputune = onlyChild(domain, 'cputune');
  return {
    pins: pinsOf(cputune, cpus, placements.vcpu, remarks),
    memory: memory ? wholeBinding(memory, placements.memory, remarks) : null,
    cellMemory: numatune ? cellBindings(numatune) : new Map<number, never>(),
    ...shareOf(cputune, cpus.present.length, remarks),
  };
}

/** Each goes by the other's where it says none itself: what is given in full is static. */
function placementsOf(vcpu: XmlElement | undefined, memory: XmlElement | undefined): { vcpu: string; memory: string } {
  const ofVcpu = vcpu ? (wordOf(vcpu, 'placement', PLACEMENTS) ?? (vcpu.attributes.has('cpuset') ? 'static' : null)) : null;
  const ofMemory = memory ? (wordOf(memory, 'placement', PLACEMENTS) ?? (memory.attributes.has('nodeset') ? 'static' : null)) : null;
  return { vcpu: ofVcpu ?? ofMemory ?? 'static', memory: ofMemory ?? ofVcpu ?? 'static' };
}

function pinsOf(cputune: XmlElement | undefined, cpus: VirtualCpus, placement: string, remarks: Remarks): (CpuChoice | null)[] {
  const { element, most, present } = cpus;
  const ofAll = placement === 'static' && element?.attributes.has('cpuset') ? cpusOf(element) : null;
  if (placement === 'auto')
    remarks.unsimulated.push('vcpu.placement = auto: numad chooses when the guest starts (policy libvirt:placement=auto)');
  const own = new Map<number, CpuChoice>();
  for (const pin of cputune ? childrenOf(cputune, 'vcpupin') : []) {
    const vcpu = wholeNumber([pin, 'vcpu'], 0, most - 1);
    if (own.has(vcpu)) failAt([pin, 'vcpu'], `${vcpu}`, 'each vCPU once');
    own.set(vcpu, cpusOf(pin));
  }
  return present.map((vcpu) => own.get(vcpu) ?? ofAll);
}

function cpusOf(element: XmlElement): CpuChoice {
  return { cpus: readIdList(attribute(element, 'cpuset'), HOST_CPUS, (said) => xmlFail(element, `${element.name}.cpuset = ${said}`)) };
}

function wholeBinding(memory: XmlElement, placement: string, { unsimulated }: Remarks): MemoryBinding | null {
  const mode = wordOf(memory, 'mode', MODES) ?? 'strict';
  if (placement === 'static') return { mode, nodes: nodesOf(memory) };
  unsimulated.push(placed(memory, `numatune.memory, ${mode} on nodes that numad chooses (policy libvirt:placement=auto)`));
  return null;
}

function cellBindings(numatune: XmlElement): CellMemory {
  const bindings = new Map<number, { binding: MemoryBinding; element: XmlElement }>();
  for (const element of childrenOf(numatune, 'memnode')) {
    const cell = wholeNumber([element, 'cellid'], 0, MOST_CELLS - 1);
    if (bindings.has(cell)) failAt([element, 'cellid'], `${cell}`, 'each cell once');
    bindings.set(cell, { binding: { mode: wordOf(element, 'mode', MODES) ?? 'strict', nodes: nodesOf(element) }, element });
  }
  return bindings;
}

function nodesOf(element: XmlElement): number[] {
  return readIdList(attribute(element, 'nodeset'), HOST_NODES, (said) => xmlFail(element, `${element.name}.nodeset = ${said}`));
}

/** Weight and cap; what else <cputune> says is told. */
function shareOf(cputune: XmlElement | undefined, vcpus: number, remarks: Remarks): Pick<Tuning, 'weight' | 'capPercent'> {
  if (!cputune) return { weight: null, capPercent: null };
  for (const child of cputune.children) {
    if (OTHER_THREADS.includes(child.name)) remarks.ignored.push(placed(child, `cputune.${child.name}: the emulator has no threads here`));
    else if (!READ.includes(child.name)) remarks.unsimulated.push(placed(child, `cputune.${child.name}`));
  }
  const shares = onlyChild(cputune, 'shares');
  return {
    weight: shares ? weightOf(shares, remarks) : null,
    capPercent: capOf(cputune, vcpus, remarks),
  };
}

function weightOf(element: XmlElement, { ignored }: Remarks): number {
  const shares = wholeNumber([element], 2, 262_144);
  const isUsualOfTwo = shares === USUAL_SHARES_OF_TWO ? ', so that the usual weight may be meant' : '';
  ignored.push(
    placed(element, `cputune.shares = ${shares}: ${USUAL_SHARES} taken as usual, as hosts with cgroup v1 have it; those with v2 have ${USUAL_SHARES_OF_TWO}${isUsualOfTwo}`), // prettier-ignore
  );
  return wholeWeight((shares * USUAL_WEIGHT) / USUAL_SHARES, placed(element, `cputune.shares = ${shares}`), ignored);
}

function capOf(cputune: XmlElement, vcpus: number, { ignored }: Remarks): number | null {
  const each = percentOf(cputune, 'quota', 'period', vcpus);
  const whole = percentOf(cputune, 'global_quota', 'global_period', 1);
  if (each !== null && vcpus > 1) {
    ignored.push('cputune.quota: libvirt holds each vCPU to it, here the vCPUs of the guest share what they have together');
  }
  const least = each === null || whole === null ? (each ?? whole) : Math.min(each, whole);
  return least === null ? null : wholePercent(least, placed(cputune, 'cputune.quota'), ignored);
}

/** Quota a period of `times` threads in percent of a CPU; null for no limit. */
function percentOf(cputune: XmlElement, quotaName: string, periodName: string, times: number): number | null {
  const period = onlyChild(cputune, periodName);
  const quota = onlyChild(cputune, quotaName);
  const periodUs = (period && wholeNumber([period], 0, MOST_PERIOD)) || USUAL_PERIOD; // 0 is libvirt's "not said"
  if (periodUs < LEAST_PERIOD) failAt([period!], `${periodUs}`, `0 or ${LEAST_PERIOD} to ${MOST_PERIOD} µs`);
  const quotaUs = quota ? wholeNumber([quota], -MOST_QUOTA, MOST_QUOTA) : 0;
  if (quotaUs <= 0) return null;
  if (quotaUs < LEAST_PERIOD) failAt([quota!], `${quotaUs}`, `at least ${LEAST_PERIOD} µs, or less than 0 for no limit`);
  return (times * quotaUs * 100) / periodUs;
}
