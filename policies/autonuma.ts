import { choiceOption, numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { GiB, MiB, ms, NONE, type NodeId, seconds } from '../sim/units.ts';
import { eevdf } from './cpu/linux/eevdf.ts';
import { numaBalanced } from './cpu/linux/numa-balanced.ts';
import { type Hz, HZ_CHOICES } from './cpu/linux/weights.ts';
import { entry } from './entry.ts';
import { FAIR } from './linux-cpu.ts';
import { autonuma } from './memory/linux/autonuma.ts';
import type { NumaBalancing } from './memory/linux/numa-balancing.ts';
import { SCAN_DEFAULTS, type ScanOptions } from './memory/linux/scan.ts';
import { checkBelow, idsOf } from './numactl.ts';

/** Options of NUMA balancing's scans, as in /sys/kernel/debug/sched/numa_balancing. */
export const scanOptions: readonly OptionSpec[] = [
  {
    name: 'hz',
    summary: 'ticks per second and CPU, at which turns end: CONFIG_HZ',
    kind: 'choice',
    default: '250',
    choices: HZ_CHOICES.map(String),
  },
  {
    name: 'scan-delay',
    summary: 'run time of a new vCPU before it marks memory: scan_delay_ms',
    kind: 'time',
    default: ms(SCAN_DEFAULTS.delayMs),
    min: ms(1),
    max: seconds(3600),
  },
  {
    name: 'scan-min',
    summary: 'shortest time in which a vCPU marks all memory of its guest: scan_period_min_ms',
    kind: 'time',
    default: ms(SCAN_DEFAULTS.minMs),
    min: ms(100),
    max: seconds(3600),
  },
  {
    name: 'scan-max',
    summary: 'longest such time: scan_period_max_ms',
    kind: 'time',
    default: ms(SCAN_DEFAULTS.maxMs),
    min: ms(100),
    max: seconds(3600),
  },
  {
    name: 'scan-size',
    summary: 'memory that is marked at a time: scan_size_mb',
    kind: 'bytes',
    default: SCAN_DEFAULTS.sizeBytes,
    min: MiB(1),
    max: GiB(1024),
  },
];

/** Reads `scanOptions`. */
export function scanOptionsOf(values: OptionValues): ScanOptions & { readonly hz: Hz } {
  return {
    delayMs: Math.round(numberOption(values, 'scan-delay') / ms(1)),
    minMs: Math.round(numberOption(values, 'scan-min') / ms(1)),
    maxMs: Math.round(numberOption(values, 'scan-max') / ms(1)),
    sizeBytes: numberOption(values, 'scan-size'),
    hz: Number(choiceOption(values, 'hz')) as Hz,
  };
}

const LAST_NODE = 254;
const home: OptionSpec = {
  name: 'home',
  summary: 'node where all memory lies, and which all that use memory prefer by order, not by faults (C. Hyser 2023); none for neither',
  kind: 'list',
  default: 'none',
  choices: ['none'],
  max: LAST_NODE,
};

/** Linux with NUMA balancing. */
export const autonumaPolicies: readonly PolicyEntry[] = [
  {
    ...entry(
      'autonuma',
      'Linux with EEVDF and NUMA balancing: memory follows the vCPUs that use it, and vCPUs go where their memory is.',
      'Linux 6.12 kernel/sched/fair.c (EEVDF, NUMA balancing), mm/memory.c; M. Gorman, R. van Riel, P. Zijlstra 2012-2014',
      [...scanOptions, home],
      (name, values) => {
        const options = scanOptionsOf(values);
        const [forced = NONE] = idsOf<NodeId>(values, 'home') ?? [];
        let balancing: NumaBalancing;
        return compose(name, {
          cpu: numaBalanced(
            (balance) => eevdf(balance, { hz: options.hz }),
            options,
            (started) => (balancing = started),
            forced,
          ),
          memory: autonuma(() => balancing, forced),
        });
      },
      { ...FAIR, numaBase: 'kvm-eevdf' },
    ),
    check(options, nodeCount) {
      const nodes = idsOf<NodeId>(options, 'home');
      if (nodes && nodes.length > 1) throw new RangeError(`home = ${nodes.join('+')}, want one node`);
      checkBelow('home', nodes, nodeCount);
      const { minMs, maxMs } = scanOptionsOf(options);
      if (maxMs < minMs) throw new RangeError(`scan-max = ${maxMs}ms, want scan-min (${minMs}ms) or more`);
    },
  },
];
