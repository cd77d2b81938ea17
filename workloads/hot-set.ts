import { choiceOption, numberOption, type OptionValues } from '../sim/options.ts';
import { ms, us } from '../sim/units.ts';
import { type Heat, type Phase, RANDOM, RUN, type WorkloadEntry } from '../sim/workload-api.ts';
import { ownRegions, regionBytes, sizeOption } from './own-regions.ts';

const PHASE_NS = ms(10);
/** Heat that moves on more often would be even heat, at the price of an instant each time. */
const LEAST_DRIFT_NS = us(10);
/** Only sets how long a phase is; assumed, about a load from memory. */
const UNCACHED_LOAD_NS = 100;

/**
 * Loads at random from a region of each vCPU's own, some of which are stores, where part of the region is hotter than the rest and may
 * wander: what memory that follows its users gains from knowing the hot blocks. One instruction is one load and, as in lmbench-lat, the
 * engine adds what the last-level cache and memory cost. With `lines` = 1 it is a chase of pointers, more overlap that many loads.
 * The cache does not know heat: a hot set that would fit it misses as often as the whole region.
 */
export const hotSet: WorkloadEntry = {
  name: 'hot-set',
  summary: 'random loads: each vCPU draws on its own region for ever, on some blocks more than on others',
  ends: 'never',
  options: [
    sizeOption,
    { name: 'heat', summary: 'how loads spread over the blocks', kind: 'choice', default: 'hot', choices: ['uniform', 'hot', 'zipf'] },
    { name: 'hot-share', summary: 'hot: share of the blocks', kind: 'share', default: 0.125, min: 0.001, max: 0.999 },
    { name: 'hot-loads', summary: 'hot: share of the loads they draw', kind: 'share', default: 0.9, min: 0, max: 1 },
    { name: 'exponent', summary: 'zipf: the r-th hottest draws 1/r^exponent', kind: 'share', default: 1, min: 0, max: 4 },
    { name: 'drift', summary: 'time after which the heat moves on by 1/64 of the blocks; 0: never', kind: 'time', default: 0, min: 0 },
    { name: 'writes', summary: 'share of the loads that are stores', kind: 'share', default: 0, min: 0, max: 1 },
    { name: 'lines', summary: 'loads that overlap', kind: 'count', default: 1, min: 1, max: 64 },
    { name: 'cycles', summary: 'cycles of the CPU a load takes besides what memory costs', kind: 'count', default: 0, max: 100_000 },
  ],
  build(options, setup) {
    const bytes = regionBytes('hot-set', options, setup);
    if (bytes <= setup.l2Bytes)
      throw new RangeError(`hot-set: size = ${bytes}, want more than the private cache of ${setup.l2Bytes} bytes`);
    const writeShare = numberOption(options, 'writes');
    const linesInFlight = numberOption(options, 'lines');
    const loads = Math.round((PHASE_NS * linesInFlight) / UNCACHED_LOAD_NS);
    const cycles = numberOption(options, 'cycles');
    const heat = heatOf(options);

    const fill = (phase: Phase, region: number): void => {
      phase.kind = RUN;
      phase.instructions = loads;
      phase.cyclesPerInstruction = cycles;
      phase.accessesPerInstruction = 1;
      phase.linesInFlight = linesInFlight;
      phase.writeShare = writeShare;
      phase.region = region;
      phase.pattern = RANDOM;
      phase.workingSetBytes = bytes;
      phase.work = loads / 1e6;
    };
    return {
      ...ownRegions(setup.vcpus, bytes, fill),
      heat: Array.from({ length: setup.vcpus }, () => heat),
      unit: 'Mload/s',
      figures: ({ workDone, measuredNs }) => (workDone > 0 ? { loadNs: (measuredNs * setup.vcpus) / (workDone * 1e6) } : {}),
    };
  },
};

function heatOf(options: OptionValues): Heat | null {
  const driftNs = numberOption(options, 'drift');
  if (driftNs > 0 && driftNs < LEAST_DRIFT_NS) throw new RangeError(`hot-set: drift = ${driftNs}, want 0 or at least ${LEAST_DRIFT_NS} ns`);
  switch (choiceOption(options, 'heat')) {
    case 'hot':
      return { kind: 'hot', blockShare: numberOption(options, 'hot-share'), accessShare: numberOption(options, 'hot-loads'), driftNs };
    case 'zipf':
      return { kind: 'zipf', exponent: numberOption(options, 'exponent'), driftNs };
    default:
      return null;
  }
}
