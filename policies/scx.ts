import { choiceOption, numberOption, type OptionSpec } from '../sim/options.ts';
import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { ms, seconds, us } from '../sim/units.ts';
import { rusty } from './cpu/rusty.ts';
import { entry } from './entry.ts';
import { firstTouch } from './memory/first-touch.ts';

const count = (name: string, summary: string, value: number, range: Pick<OptionSpec, 'min' | 'max'> = {}): OptionSpec => ({ name, summary, kind: 'count', default: value, ...range }); // prettier-ignore
const time = (name: string, summary: string, value: number): OptionSpec => ({ name, summary, kind: 'time', default: value, min: ms(1) });
const flag = (name: string, summary: string): OptionSpec => ({ name, summary, kind: 'choice', default: 'no', choices: ['no', 'yes'] });

const SLICE_US = { min: 1, max: 10_000_000 };

/** Schedulers of sched_ext, their options by the names of their flags. */
export const scxPolicies: readonly PolicyEntry[] = [
  entry(
    'scx-rusty',
    'A queue for each domain of CPUs, vCPUs moved between nodes every 2 s by load, memory where it was touched first.',
    'sched-ext/scx @7a58a3a1a scheds/rust/scx_rusty; first touch',
    [
      count('slice-us-underutil', 'slice while some CPU has time left, us', 20_000, SLICE_US),
      count('slice-us-overutil', 'slice while none has, us', 1_000, SLICE_US),
      time('interval', 'how often load is balanced between nodes', seconds(2)),
      time('tune-interval', 'how often slices and greed are set by use', ms(100)),
      time('load-half-life', 'in which the average of a load forgets half', seconds(1)),
      count('greedy-threshold', '0 for no stealing at all', 1, { max: 65_535 }),
      count('greedy-threshold-x-numa', 'how many must wait on another node for one to be stolen; 0 for never', 0, { max: 65_535 }),
      count('direct-greedy-under', 'use below which a domain’s idle CPUs are given vCPUs of busy domains, percent', 90, { max: 100 }),
      count('kick-greedy-under', 'use below which its idle CPUs are woken to steal, percent', 100, { max: 100 }),
      flag('direct-greedy-numa', 'whether such a domain may be on another node'),
      flag('fifo-sched', 'first come first served in a domain, in place of deadlines'),
      flag('no-load-balance', 'whether nothing is balanced between nodes'),
    ],
    (name, options) => {
      const isSet = (option: string): boolean => choiceOption(options, option) === 'yes';
      const parts = rusty({
        sliceUnderutilNs: us(numberOption(options, 'slice-us-underutil')),
        sliceOverutilNs: us(numberOption(options, 'slice-us-overutil')),
        intervalNs: numberOption(options, 'interval'),
        tuneIntervalNs: numberOption(options, 'tune-interval'),
        loadHalfLifeNs: numberOption(options, 'load-half-life'),
        greedyThreshold: numberOption(options, 'greedy-threshold'),
        greedyThresholdXNuma: numberOption(options, 'greedy-threshold-x-numa'),
        directGreedyUnder: numberOption(options, 'direct-greedy-under') / 100,
        kickGreedyUnder: numberOption(options, 'kick-greedy-under') / 100,
        directGreedyNuma: isSet('direct-greedy-numa'),
        isFifo: isSet('fifo-sched'),
        balancesLoad: !isSet('no-load-balance'),
      });
      return compose(name, { ...parts, memory: firstTouch() });
    },
  ),
];
