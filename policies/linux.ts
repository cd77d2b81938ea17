import { choiceOption, numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { cfs } from './cpu/linux/cfs.ts';
import { eevdf } from './cpu/linux/eevdf.ts';
import { balanced } from './cpu/linux/linux-balance.ts';
import { type Hz, HZ_CHOICES } from './cpu/linux/weights.ts';
import { entry } from './entry.ts';
import { FAIR } from './linux-cpu.ts';
import { bind } from './memory/bind.ts';
import { firstTouch } from './memory/first-touch.ts';
import { follow } from './memory/follow.ts';
import { numactl } from './placement/numactl.ts';

const CFS = 'Linux 6.1 kernel/sched/fair.c (CFS)';
const EEVDF = 'Linux 6.12 kernel/sched/fair.c (EEVDF); I. Stoica, H. Abdel-Wahab 1995';

const hz: OptionSpec = {
  name: 'hz',
  summary: 'ticks per second and CPU, at which turns end: CONFIG_HZ',
  kind: 'choice',
  default: '250',
  choices: HZ_CHOICES.map(String),
};
const slice: OptionSpec = {
  name: 'slice',
  summary: 'length of a request; 0 for base_slice_ns: 0.7 ms on one CPU, 1.4 on two or three, 2.8 on eight and more',
  kind: 'time',
  default: 0,
  min: 0,
};
const rate: OptionSpec = {
  name: 'rate',
  summary: 'memory moved per second over the whole host, MB/s (assumed)',
  kind: 'rate',
  default: 256,
  min: 0,
};

const hzOf = (options: OptionValues): Hz => Number(choiceOption(options, 'hz')) as Hz;

/** Hosts that run Linux. */
export const linuxPolicies: readonly PolicyEntry[] = [
  entry(
    'kvm-unpinned',
    'vCPUs float over all CPUs as Linux of 2010 lets them wake, memory lies where it was touched first.',
    `${CFS}, wake_affine of 2.6.38 (what the deck ran on); first touch`,
    [],
    (name) => compose(name, { cpu: balanced(cfs, 250, 'by load'), memory: firstTouch() }),
    FAIR,
  ),
  entry(
    'kvm-numactl',
    'Each guest is held on one node in turn, vCPUs and memory.',
    `numactl --cpunodebind --membind; ${CFS}`,
    [],
    (name) => compose(name, { placement: numactl(), cpu: balanced(cfs), memory: bind() }),
    { ...FAIR, numaBase: 'kvm-cfs' },
  ),
  entry(
    'kvm-cfs',
    'Linux with CFS: vCPUs float, memory lies where it was touched first.',
    `${CFS}; first touch`,
    [hz],
    (name, options) =>
      compose(name, { cpu: balanced((balance) => cfs(balance, { hz: hzOf(options) }), hzOf(options)), memory: firstTouch() }),
    FAIR,
  ),
  entry(
    'kvm-eevdf',
    'Linux with EEVDF: vCPUs float, memory lies where it was touched first.',
    `${EEVDF}; first touch`,
    [hz, slice],
    (name, options) => {
      const sliceNs = numberOption(options, 'slice');
      return compose(name, {
        cpu: balanced((balance) => eevdf(balance, { hz: hzOf(options), ...(sliceNs > 0 ? { sliceNs } : {}) }), hzOf(options)),
        memory: firstTouch(),
      });
    },
    FAIR,
  ),
  entry(
    'unpinned-migrating',
    'As kvm-cfs, and memory follows the vCPUs at a limited rate.',
    `${CFS}, should_numa_migrate_memory`,
    [rate],
    (name, options) => compose(name, { cpu: balanced(cfs), memory: follow(numberOption(options, 'rate') * 1e6) }),
    { ...FAIR, numaBase: 'kvm-cfs' },
  ),
];
