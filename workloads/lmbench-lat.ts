import { numberOption } from '../sim/options.ts';
import { LINE_BYTES, NONE, ms } from '../sim/units.ts';
import { type Phase, RANDOM, RUN, type WorkloadEntry, type WorkloadSetup } from '../sim/workload-api.ts';
import { ownRegions, regionBytes, sizeOption } from './own-regions.ts';

const PHASE_NS = ms(10);
/** Only sets how long a phase is; assumed, about a load from memory. */
const UNCACHED_LOAD_NS = 100;

/**
 * lmbench's `lat_mem_rd SIZE STRIDE`: every vCPU chases pointers through a buffer of its own, one load after the other. One
 * instruction is one load. Below L2 a load costs the cache's load-to-use cycles; beyond, each new line is an access to the
 * last-level cache, whose hit time the engine adds, and so is the latency of memory (load-to-use), so no cycles are left here.
 * A stride below a line (64 B) reaches a new line only in stride/64 of the loads and hits L1 in the others. A stride above a line
 * touches fewer lines but also only that part of a cache's sets, so what must fit is `size` at every stride.
 * Not modelled: the TLB and prefetching, which a real run shows at large sizes and at small strides.
 */
export const lmbenchLat: WorkloadEntry = {
  name: 'lmbench-lat',
  summary: 'load latency: each vCPU chases pointers through its own region for ever',
  ends: 'never',
  options: [sizeOption, { name: 'stride', summary: 'distance of successive loads', kind: 'bytes', default: 128, min: 8 }],
  build(options, setup) {
    const bytes = regionBytes('lmbench-lat', options, setup);
    const stride = numberOption(options, 'stride');
    if (stride > bytes) throw new RangeError(`lmbench-lat: stride = ${stride}, want at most size = ${bytes}`);
    return {
      ...ownRegions(setup.vcpus, bytes, loadFiller(setup, bytes, stride)),
      unit: 'Mload/s',
      figures: ({ workDone, measuredNs }) => (workDone > 0 ? { latencyNs: (measuredNs * setup.vcpus) / (workDone * 1e6) } : {}),
    };
  },
};

function loadFiller(setup: WorkloadSetup, bytes: number, stride: number): (phase: Phase, region: number) => void {
  const { l1, l2 } = setup.hitCycles;
  const newLineShare = Math.min(1, stride / LINE_BYTES);
  const isCached = bytes <= setup.l2Bytes;
  const newLineCycles = bytes <= setup.l1Bytes ? l1 : isCached ? l2 : 0;
  const cycles = newLineShare * newLineCycles + (1 - newLineShare) * l1;
  const loadNs = cycles / setup.clockGHz + (isCached ? 0 : newLineShare * UNCACHED_LOAD_NS);
  const loads = Math.round(PHASE_NS / loadNs);

  return (phase, region) => {
    phase.kind = RUN;
    phase.instructions = loads;
    phase.cyclesPerInstruction = cycles;
    phase.accessesPerInstruction = isCached ? 0 : newLineShare;
    phase.linesInFlight = 1;
    phase.writeShare = 0;
    phase.region = isCached ? NONE : region;
    phase.pattern = RANDOM;
    phase.workingSetBytes = bytes;
    phase.work = loads / 1e6;
  };
}
