import { choiceOption, numberOption, type OptionValues } from '../sim/options.ts';
import { KiB, ms } from '../sim/units.ts';
import { type Phase, RANDOM, RUN, type WorkloadEntry, type WorkloadSetup } from '../sim/workload-api.ts';
import { fillCompute } from './computing.ts';
import { LAWS, timeLaw } from './laws.ts';
import { ownRegions, regionBytes, sizeOption } from './own-regions.ts';

/**
 * Programs change their character as they go: each vCPU computes for a while, then works on its region, and so on. Its misses fall
 * from all accesses to a floor while its share of the last-level cache grows to the knee; what is beyond the floor streams through.
 * The lengths are those of a CPU alone whose accesses all hit at no cost, so a memory phase takes longer by what memory costs.
 */
export const phased: WorkloadEntry = {
  name: 'phased',
  summary: 'each vCPU computes and works on memory in turn for ever, with a cache it needs up to a knee',
  ends: 'never',
  options: [
    sizeOption,
    { name: 'compute', summary: 'length of a computing phase; 0 for none', kind: 'time', default: ms(10), min: 0 },
    { name: 'memory', summary: 'length of a memory phase if it never waited', kind: 'time', default: ms(10), min: 1 },
    {
      name: 'law',
      summary: 'law of both lengths; all but det draws each anew, so vCPUs fall out of step',
      kind: 'choice',
      default: 'det',
      choices: LAWS,
    },
    { name: 'scv', summary: 'squared coefficient of variation of laws h2 and lognormal', kind: 'share', default: 4, min: 0.01, max: 1000 },
    { name: 'cpi', summary: 'cycles per instruction without the wait for memory', kind: 'share', default: 0.8, min: 0.001, max: 1000 },
    {
      name: 'accesses',
      summary: 'last-level accesses per 1000 instructions of a memory phase',
      kind: 'share',
      default: 20,
      min: 0.001,
      max: 1000,
    },
    { name: 'inflight', summary: 'lines in flight; 0: as many as the core can hold', kind: 'count', default: 2, min: 0, max: 64 },
    { name: 'knee', summary: 'cache beyond which more does not help', kind: 'bytes', default: KiB(1024), min: 1 },
    { name: 'floor', summary: 'share of accesses that miss in any cache', kind: 'share', default: 0.1, min: 0, max: 1 },
  ],
  build(options, setup) {
    const bytes = regionBytes('phased', options, setup);
    const knee = numberOption(options, 'knee');
    if (knee > bytes) throw new RangeError(`phased: knee = ${knee}, want at most size = ${bytes}`);
    const curve = [
      [0, 1],
      [knee, numberOption(options, 'floor')],
    ] as const;
    return {
      ...ownRegions(setup.vcpus, bytes, phaseFiller(options, setup, bytes)),
      unit: 'Ginstr/s',
      missCurves: [curve],
    };
  },
};

function phaseFiller(options: OptionValues, setup: WorkloadSetup, bytes: number): (phase: Phase, region: number) => void {
  const cycles = numberOption(options, 'cpi');
  const computeNs = numberOption(options, 'compute');
  const law = choiceOption(options, 'law');
  const scv = numberOption(options, 'scv');
  const drawComputeNs = timeLaw(law, computeNs, scv);
  const drawMemoryNs = timeLaw(law, numberOption(options, 'memory'), scv);
  const lengths = Array.from({ length: setup.vcpus }, (_, vcpu) => setup.stream(vcpu, 'phase'));
  const accesses = numberOption(options, 'accesses') / 1000;
  const linesInFlight = numberOption(options, 'inflight') || Infinity;
  const isMemoryNext = new Uint8Array(setup.vcpus);
  const instructionsIn = (ns: number): number => Math.max(1, Math.round((ns * setup.clockGHz) / cycles));

  return (phase, region) => {
    const computes = computeNs > 0 && isMemoryNext[region] === 0;
    isMemoryNext[region] = computes ? 1 : 0;
    const instructions = instructionsIn((computes ? drawComputeNs : drawMemoryNs)(lengths[region]!));
    if (computes) {
      fillCompute(phase, instructions, instructions / 1e9);
      phase.cyclesPerInstruction = cycles;
      return;
    }
    phase.kind = RUN;
    phase.instructions = instructions;
    phase.cyclesPerInstruction = cycles;
    phase.accessesPerInstruction = accesses;
    phase.linesInFlight = linesInFlight;
    phase.region = region;
    phase.pattern = RANDOM;
    phase.workingSetBytes = bytes;
    phase.missCurve = 0;
    phase.work = instructions / 1e9;
  };
}
