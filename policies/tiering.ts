import { choiceOption, numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { MiB, ms, PAGE_BYTES, seconds } from '../sim/units.ts';
import { eevdf } from './cpu/linux/eevdf.ts';
import { balanced } from './cpu/linux/linux-balance.ts';
import { entry } from './entry.ts';
import { FAIR } from './linux-cpu.ts';
import type { PromotionOptions } from './memory/linux/promotion.ts';
import { SCAN_DEFAULTS } from './memory/linux/scan.ts';
import { tiering } from './memory/linux/tiering.ts';

const onOff = (name: string, summary: string): OptionSpec => ({ name, summary, kind: 'choice', default: 'on', choices: ['on', 'off'] });
const time = (name: string, summary: string, value: number): OptionSpec => ({ name, summary, kind: 'time', default: value, min: ms(1) });

const OPTIONS: readonly OptionSpec[] = [
  onOff('hot-selection', 'off promotes every block that is touched and was not last touched from elsewhere, as before Linux 6.1'),
  time('hot-threshold', 'a block is hot if it is touched so soon after it was marked', seconds(1)),
  {
    name: 'rate-limit',
    summary: 'hot memory promoted to one node per second: numa_balancing_promote_rate_limit_MBps, here 1e6 bytes each',
    kind: 'rate',
    default: 65_536,
    min: 1,
  },
  onOff('auto-threshold', 'whether the threshold follows the rate limit'),
  time('adjust-period', 'how often it does: scan_period_max', seconds(60)),
  { name: 'scan-size', summary: 'memory of a guest that is marked in one go', kind: 'bytes', default: MiB(256), min: PAGE_BYTES },
  time('scan-delay', 'until a guest is marked first, and from then on between two goes, as nothing changes the pace', seconds(1)),
  onOff('demotion', 'whether cold blocks of a full node with CPUs go down to one without'),
  {
    name: 'watermark-scale',
    summary: 'ten-thousandths of a node from one watermark of free memory to the next: watermark_scale_factor',
    kind: 'count',
    default: 10,
    min: 1,
    max: 3000,
  },
];

/** Hosts with memory of two speeds. */
export const tieringPolicies: readonly PolicyEntry[] = [
  entry(
    'tiering',
    'As kvm-eevdf, and where nodes have no CPUs hot memory goes up to nodes that have, cold memory down.',
    'Linux 6.12 kernel/sched/fair.c (numa_balancing = 2), mm/vmscan.c; Y. Huang, memory tiering: hot page selection, LKML 2022',
    OPTIONS,
    (name, options) =>
      compose(
        name,
        tiering(balanced(eevdf), {
          scan: { ...SCAN_DEFAULTS, delayMs: numberOption(options, 'scan-delay') / ms(1), sizeBytes: numberOption(options, 'scan-size') },
          hotSelection: isOn(options, 'hot-selection') ? promotionOf(options) : null,
          demotes: isOn(options, 'demotion'),
          watermarkScale: numberOption(options, 'watermark-scale'),
        }),
      ),
    { ...FAIR, numaBase: 'kvm-eevdf' },
  ),
];

function promotionOf(options: OptionValues): PromotionOptions {
  return {
    hotThresholdNs: numberOption(options, 'hot-threshold'),
    bytesPerSecond: numberOption(options, 'rate-limit') * 1e6,
    adjusts: isOn(options, 'auto-threshold'),
    adjustPeriodNs: numberOption(options, 'adjust-period'),
  };
}

function isOn(options: OptionValues, name: string): boolean {
  return choiceOption(options, name) === 'on';
}
