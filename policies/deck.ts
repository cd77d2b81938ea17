import { numberOption, type OptionSpec } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { MiB } from '../sim/units.ts';
import { apart } from './cpu/apart.ts';
import { eevdf } from './cpu/linux/eevdf.ts';
import { entry } from './entry.ts';
import { round } from './memory/round.ts';
import { libxl } from './placement/libxl.ts';

const EEVDF = 'Linux 6.12 kernel/sched/fair.c (EEVDF)';

const share: OptionSpec = {
  name: 'share',
  summary: 'share of its time a vCPU is thought to stall on memory at home, until its counters have told (assumed)',
  kind: 'share',
  default: 0.3,
  min: 0,
  max: 1,
};
const margin: OptionSpec = {
  name: 'margin',
  summary: 'by how much the wait a move spares must be longer than the stall it costs, as a share of the time run (assumed)',
  kind: 'share',
  default: 0.1,
  min: 0,
  max: 10,
};

/** The deck's own ideas. */
export const deckPolicies: readonly PolicyEntry[] = [
  entry(
    'apart',
    'Guests get homes as xl chooses them but are not pinned: a vCPU runs elsewhere when home is busy and that pays, and comes home.',
    `A. Przywara, "Virtualizing NUMA", Linux Plumbers 2010; libxl_numa.c; ${EEVDF}`,
    [share, margin],
    (name, options) => {
      const costs = { share: numberOption(options, 'share'), margin: numberOption(options, 'margin') };
      return compose(name, {
        placement: libxl({ hold: 'soft', isFaithful: false }),
        cpu: eevdf(apart(costs)),
        memory: round(MiB(2)),
      });
    },
    { weights: true, numaBase: 'kvm-eevdf' },
  ),
];
