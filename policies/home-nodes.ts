import { numberOption, type OptionSpec } from '../sim/options.ts';
import { compose, type CpuPolicy, type PolicyEntry } from '../sim/policy-api.ts';
import { ms, seconds } from '../sim/units.ts';
import { eevdf } from './cpu/linux/eevdf.ts';
import { balanced } from './cpu/linux/linux-balance.ts';
import { esxRebalancer } from './daemons/esx.ts';
import { numad } from './daemons/numad.ts';
import { entry } from './entry.ts';
import { FAIR } from './linux-cpu.ts';
import { firstTouch } from './memory/first-touch.ts';
import { homesMemory } from './memory/homes.ts';
import { EsxHomes } from './placement/esx-homes.ts';

const EEVDF = 'Linux 6.12 kernel/sched/fair.c (EEVDF)';

/** The scheduler of kvm-eevdf, here under masks that a daemon sets. */
const eevdfCpu = (): CpuPolicy => balanced((balance) => eevdf(balance, { hz: 250 }), 250);

const intervalMin: OptionSpec = {
  name: 'interval-min',
  summary: 'time to the next pass after one that moved a guest: numad -i',
  kind: 'time',
  default: seconds(5),
  min: ms(10),
};
const intervalMax: OptionSpec = {
  name: 'interval-max',
  summary: 'time to the next pass after one that moved none, not less than interval-min: numad -i',
  kind: 'time',
  default: seconds(15),
  min: ms(10),
};
const utilisation: OptionSpec = {
  name: 'utilisation',
  summary: 'share of what is asked for a guest that it is thought to use: numad -u',
  kind: 'share',
  default: 0.85,
  min: 0.1,
  max: 1.3,
};
const locality: OptionSpec = {
  name: 'locality',
  summary: 'share of a guest’s memory on its nodes from which it is left alone: numad -m',
  kind: 'share',
  default: 0.9,
  min: 0.5,
  max: 1,
};
const period: OptionSpec = {
  name: 'period',
  summary: 'how often homes are balanced: Numa.RebalancePeriod',
  kind: 'time',
  default: seconds(2),
  min: ms(20),
};
const threshold: OptionSpec = {
  name: 'threshold',
  summary: 'by how much of their CPUs nodes must differ in what their guests lack: Numa.MigImbalanceThreshold',
  kind: 'share',
  default: 0.1,
  min: 0,
  max: 1,
};
const rate: OptionSpec = {
  name: 'rate',
  summary: 'memory sent to new homes per second over the whole host, MB/s (assumed: a parameter of the model, no figure of VMware)',
  kind: 'rate',
  default: 128,
  min: 0,
};

/** Policies that give each guest nodes of its own while it runs, and send its memory after it. */
export const homeNodePolicies: readonly PolicyEntry[] = [
  {
    ...entry(
      'numad',
      'Guests that use much are held on nodes with room, one guest every 5 to 15 s, and their memory is sent after them.',
      `numad 0.5+20150602, manage_loads and pick_numa_nodes; ${EEVDF}; first touch`,
      [intervalMin, intervalMax, utilisation, locality],
      (name, options) =>
        compose(name, {
          cpu: eevdfCpu(),
          memory: firstTouch(),
          daemons: [
            numad({
              minIntervalNs: numberOption(options, 'interval-min'),
              maxIntervalNs: numberOption(options, 'interval-max'),
              targetPercent: Math.round(numberOption(options, 'utilisation') * 100),
              localPercent: Math.round(numberOption(options, 'locality') * 100),
            }),
          ],
        }),
      { ...FAIR, numaBase: 'kvm-eevdf' },
    ),
    check(options) {
      const least = numberOption(options, 'interval-min');
      const most = numberOption(options, 'interval-max');
      if (most < least) throw new RangeError(`interval-max = ${most} ns, want interval-min (${least} ns) or more`);
    },
  },
  entry(
    'esx',
    'Each guest has a home node that its vCPUs keep to and its memory is from; homes are balanced every 2 s, and memory follows.',
    `VMware vSphere 4.1 to 8, Resource Management, NUMA chapters; in a node ${EEVDF}, as ESX's own scheduler is not public (assumed)`,
    [period, threshold, rate],
    (name, options) => {
      const homes = new EsxHomes();
      return compose(name, {
        placement: homes,
        cpu: eevdfCpu(),
        memory: homesMemory(homes, numberOption(options, 'rate') * 1e6),
        daemons: [esxRebalancer(homes, { periodNs: numberOption(options, 'period'), threshold: numberOption(options, 'threshold') })],
      });
    },
    { ...FAIR, numaBase: 'kvm-eevdf' },
  ),
];
