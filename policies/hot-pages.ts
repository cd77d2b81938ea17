import { choiceOption, numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type MemoryPolicy, type Policy, type PolicyClaims, type PolicyEntry } from '../sim/policy-api.ts';
import { MiB, ms, seconds, us } from '../sim/units.ts';
import { apart } from './cpu/apart.ts';
import { eevdf } from './cpu/linux/eevdf.ts';
import { balanced } from './cpu/linux/linux-balance.ts';
import { entry } from './entry.ts';
import { FAIR } from './linux-cpu.ts';
import { carrefour } from './memory/carrefour.ts';
import { firstTouch } from './memory/first-touch.ts';
import { hotLists } from './memory/hot-lists.ts';
import { hotPages } from './memory/hot-pages.ts';
import { round } from './memory/round.ts';
import { libxl } from './placement/libxl.ts';

const EEVDF = 'Linux 6.12 kernel/sched/fair.c (EEVDF)';
const DECK = 'A. Przywara, "Virtualizing NUMA", Linux Plumbers 2010';
const CLAIMS: PolicyClaims = { ...FAIR, numaBase: 'kvm-eevdf' };

const time = (name: string, summary: string, value: number, min: number): OptionSpec => ({ name, summary, kind: 'time', default: value, min }); // prettier-ignore
const count = (name: string, summary: string, value: number): OptionSpec => ({ name, summary, kind: 'count', default: value, min: 1 });
const speed = (name: string, summary: string, value: number): OptionSpec => ({ name, summary, kind: 'rate', default: value, min: 0 });
const sample = (value: number, source: string): OptionSpec => count('sample', `lines fetched from memory for each one sampled (${source})`, value); // prettier-ignore

const port: OptionSpec = {
  name: 'port',
  summary: 'linux: 50 lines per us, copies allowed; xen: 15 a node, no copies, and a rest of 5 s when a round did no good',
  kind: 'choice',
  default: 'linux',
  choices: ['linux', 'xen'],
};
const cpu: OptionSpec = {
  name: 'cpu',
  summary: 'eevdf: vCPUs float as in kvm-eevdf; apart: they have soft homes, with their memory, as in apart',
  kind: 'choice',
  default: 'eevdf',
  choices: ['eevdf', 'apart'],
};
const apartShare = 0.3; // as the defaults of apart
const apartMargin = 0.1;

/** Options of hot-pages-first, and of temporary migration but for the last. */
const hot: readonly OptionSpec[] = [
  cpu,
  sample(32_768, 'assumed'),
  time('period', 'how often moves are decided (assumed)', ms(100), ms(1)),
  time('half-life', 'time after which a sample counts half (assumed)', seconds(1), ms(1)),
  time('stay', 'for how long a block is thought to be used from where it is (assumed)', seconds(1), 1),
  time('latency', 'what an access to local memory is thought to take; more by distance as SLIT says (assumed)', 100, 1),
  speed('copy', 'rate at which a block is thought to be copied, MB/s; 0: copies are thought to be free (assumed)', 2000),
  time('move', 'what a move is thought to cost beside the copy: unmapping, flushes, faults (assumed)', us(20), 0),
  speed('rate', 'memory moved per second over the whole host, MB/s; 0: no limit (assumed)', 256),
];
const cooldown = (value: number): OptionSpec => time('cooldown', 'time in which a block that was moved is not moved again (assumed)', value, 0); // prettier-ignore
const revert = time('revert', 'time after its last move when a block goes back to where it was first (assumed)', ms(500), 1);

const linux = (name: string, memory: MemoryPolicy): Policy => compose(name, { cpu: balanced(eevdf), memory });

const orUnlimited = (megabytes: number): number => (megabytes > 0 ? megabytes * 1e6 : Infinity);

function hotMemory(base: MemoryPolicy, options: OptionValues, revertNs: number): MemoryPolicy {
  const number = (name: string): number => numberOption(options, name);
  return hotPages(base, {
    periodLines: number('sample'),
    periodNs: number('period'),
    halfLifeNs: number('half-life'),
    stayNs: number('stay'),
    latencyNs: number('latency'),
    copyBytesPerSecond: orUnlimited(number('copy')),
    moveNs: number('move'),
    moveBytesPerSecond: orUnlimited(number('rate')),
    cooldownNs: number('cooldown'),
    revertNs,
  });
}

function hotPolicy(name: string, options: OptionValues, revertNs = 0): Policy {
  if (choiceOption(options, 'cpu') === 'eevdf') return linux(name, hotMemory(firstTouch(), options, revertNs));
  return compose(name, {
    placement: libxl({ hold: 'soft', isFaithful: false }),
    cpu: eevdf(apart({ share: apartShare, margin: apartMargin })),
    memory: hotMemory(round(MiB(2)), options, revertNs),
  });
}

/** Memory that follows its users by what the performance monitoring unit samples. */
export const hotPagesPolicies: readonly PolicyEntry[] = [
  entry(
    'carrefour',
    'As kvm-eevdf, and every second sampled memory is copied, interleaved or moved by how the counters of the machine stand.',
    `M. Dashti et al., "Traffic Management", ASPLOS 2013: carrefour-module, carrefour-runtime, its port in xen-tokyo; ${EEVDF}`,
    [port, sample(0xfff8, 'there operations, assumed to be as many'), count('orders', 'blocks up for copies before copying begins', 500)],
    (name, options) =>
      linux(
        name,
        carrefour({
          port: choiceOption(options, 'port') === 'xen' ? 'xen' : 'linux',
          periodLines: numberOption(options, 'sample'),
          leastReplicas: numberOption(options, 'orders'),
        }),
      ),
    CLAIMS,
  ),
  entry(
    'hot-list',
    'As kvm-eevdf, and in each round the 64 hottest blocks of the lists of all CPUs move to the node that uses them most.',
    `G. Voron et al., EuroSys 2017: xen-tokyo xen/common/hotlist.c, migration.c, monitor.c; ${EEVDF}`,
    [
      sample(130_000, 'there operations, assumed to be as many'),
      time('period', 'time from round to round; there its user says (assumed)', seconds(1), ms(1)),
      time('cooldown', 'time in which a block that was moved is not moved again', seconds(10), 0),
    ],
    (name, options) =>
      linux(
        name,
        hotLists({
          periodLines: numberOption(options, 'sample'),
          periodNs: numberOption(options, 'period'),
          cooldownNs: numberOption(options, 'cooldown'),
        }),
      ),
    CLAIMS,
  ),
  entry(
    'hot-pages-first',
    'As kvm-eevdf, and blocks used from another node move there, those that save most first, if that saves more than a copy costs.',
    `${DECK}; rules of its own; ${EEVDF}`,
    [...hot, cooldown(seconds(1))],
    (name, options) => hotPolicy(name, options),
    CLAIMS,
  ),
  {
    ...entry(
      'temporary-migration',
      'As hot-pages-first, but a block that was moved goes back after a while, so it pays for two copies.',
      `${DECK}; rules of its own; ${EEVDF}`,
      [...hot, cooldown(ms(100)), revert],
      (name, options) => hotPolicy(name, options, numberOption(options, 'revert')),
      CLAIMS,
    ),
    check(options) {
      const [pauseNs, revertNs] = [numberOption(options, 'cooldown'), numberOption(options, 'revert')];
      if (pauseNs > revertNs) throw new RangeError(`cooldown = ${pauseNs} ns, want at most revert = ${revertNs} ns`);
    },
  },
];
