import { numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { GiB, ms, seconds } from '../sim/units.ts';
import { brm } from './cpu/xen/brm.ts';
import { credit, type CreditOptions } from './cpu/xen/credit.ts';
import type { NodeRule } from './cpu/xen/held-nodes.ts';
import { vprobe } from './cpu/xen/vprobe.ts';
import { asymsched, ASYMSCHED_OPTIONS } from './daemons/asymsched.ts';
import { entry } from './entry.ts';
import { FAIR, LINUX_CPU, linuxCpu } from './linux-cpu.ts';
import { firstTouch } from './memory/first-touch.ts';
import { round } from './memory/round.ts';
import { libxl } from './placement/libxl.ts';
import { memoryOnly } from './placement/memory-only.ts';

const asymPeriod: OptionSpec = {
  name: 'period',
  summary: 'between two decisions (from memory)',
  kind: 'time',
  default: ASYMSCHED_OPTIONS.periodNs,
  min: ms(10),
};
const moveCost: OptionSpec = {
  name: 'move-cost',
  summary: 'what moving a GB of memory is taken to cost (from memory)',
  kind: 'time',
  default: ASYMSCHED_OPTIONS.moveNsPerGB,
  min: 0,
};
const overhead: OptionSpec = {
  name: 'overhead',
  summary: 'share of the run so far that a move may cost (from memory)',
  kind: 'share',
  default: ASYMSCHED_OPTIONS.overhead,
  min: 0,
  max: 1,
};

const probePeriod: OptionSpec = { name: 'period', summary: 'how often vCPUs are dealt out anew (from memory)', kind: 'time', default: seconds(1), min: ms(10) }; // prettier-ignore
const accesses = (name: string, summary: string, value: number): OptionSpec => ({ name, summary: `accesses to the last-level cache per 1000 instructions from which a vCPU ${summary} (from memory)`, kind: 'count', default: value, min: 0, max: 1000 }); // prettier-ignore
const intensive = accesses('intensive', 'is memory-intensive', 3);
const thrashing = accesses('thrashing', 'is dealt out before the others', 20);

const share = (name: string, summary: string, value: number): OptionSpec => ({ name, summary: `${summary} (assumed)`, kind: 'share', default: value, min: 0, max: 1 }); // prettier-ignore
const brmPeriod: OptionSpec = {
  name: 'period',
  summary: 'how often a vCPU may wander (assumed)',
  kind: 'time',
  default: ms(30),
  min: ms(1),
};
const gain = share('gain', 'of a new reading in the averages', 0.25);
const step = share('step', 'by how much a bias grows or shrinks at a time', 0.1);
const margin = share('margin', 'by how much a penalty must be above the least to count as more', 0.1);
const temperature: OptionSpec = {
  ...share('temperature', 'of the draw, of the least penalty: small for the best node only', 0.3),
  min: 0.01,
  max: 10,
};
const firstBias = share('first-bias', 'bias to stay on a node at first', 0.5);
const mostBias = share('most-bias', 'bias at most; below 1 a vCPU goes on exploring', 0.99);

/** As xl-credit has them by default. */
const CREDIT: CreditOptions = { tsliceNs: ms(30), ratelimitNs: ms(1), migrationDelayNs: 0, stealGapNs: ms(1), isFaithful: true };

/** Schedulers of papers, as far as these tell. */
export const researchPolicies: readonly PolicyEntry[] = [
  entry(
    'asymsched',
    'Guests of several nodes are put on those whose links carry the most between them, and memory follows, if that pays soon.',
    `B. Lepers, V. Quéma, A. Fedorova, USENIX ATC 2015 (AsymSched), reconstructed, its constants from memory; ${LINUX_CPU}; first touch`,
    [asymPeriod, moveCost, overhead],
    (name, options) =>
      compose(name, {
        cpu: linuxCpu(),
        memory: firstTouch(),
        daemons: [
          asymsched({
            periodNs: numberOption(options, 'period'),
            moveNsPerGB: numberOption(options, 'move-cost'),
            overhead: numberOption(options, 'overhead'),
          }),
        ],
      }),
    { ...FAIR, numaBase: 'kvm-cfs' },
  ),
  onCredit(
    'vprobe',
    'vCPUs that use memory much are dealt out evenly over the nodes, to their local one if possible, and CPUs steal from their own node first.',
    'S. Wu et al., CLUSTER 2016 (vProbe), reconstructed from its abstract',
    [probePeriod, intensive, thrashing],
    (options) =>
      vprobe({
        periodNs: numberOption(options, 'period'),
        intensive: numberOption(options, 'intensive'),
        thrashing: numberOption(options, 'thrashing'),
      }),
  ),
  onCredit(
    'brm',
    'vCPUs wander over the nodes at random, with a bias for those where they wait less for memory, which stays where it is.',
    'J. Rao et al., HPCA 2013 (BRM), reconstructed from its abstract',
    [brmPeriod, gain, step, margin, temperature, firstBias, mostBias],
    (options) =>
      brm({
        periodNs: numberOption(options, 'period'),
        gain: numberOption(options, 'gain'),
        step: numberOption(options, 'step'),
        margin: numberOption(options, 'margin'),
        temperature: numberOption(options, 'temperature'),
        firstBias: numberOption(options, 'first-bias'),
        mostBias: numberOption(options, 'most-bias'),
      }),
  ),
];

/** On the credit scheduler of today; memory as xl places it, but without its soft affinity, as these choose nodes themselves. */
function onCredit(
  name: string,
  summary: string,
  source: string,
  options: readonly OptionSpec[],
  rule: (values: OptionValues) => NodeRule,
): PolicyEntry {
  return entry(
    name,
    summary,
    `${source}; on Xen, common/sched/credit.c, with memory as libxl_numa.c places it (assumed)`,
    options,
    (_name, values) =>
      compose(name, {
        placement: memoryOnly(libxl({ hold: 'soft', isFaithful: true })),
        cpu: credit(CREDIT, rule(values)),
        memory: round(GiB(1)),
      }),
    { caps: true, numaBase: 'xl-credit' },
  );
}
