import { numberOption, type OptionSpec } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { ms } from '../sim/units.ts';
import { asymsched, ASYMSCHED_OPTIONS } from './daemons/asymsched.ts';
import { entry } from './entry.ts';
import { FAIR, LINUX_CPU, linuxCpu } from './linux-cpu.ts';
import { firstTouch } from './memory/first-touch.ts';

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
];
