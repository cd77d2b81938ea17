import { choiceOption, numberOption } from '../sim/options.ts';
import { exponential } from '../sim/random.ts';
import { NONE, ms } from '../sim/units.ts';
import {
  BLOCK,
  DONE,
  type GuestCalls,
  type Phase,
  RANDOM,
  RUN,
  SLEEP,
  TOUCH,
  type WorkloadEntry,
  type WorkloadSetup,
} from '../sim/workload-api.ts';
import { drawBuildGraph } from './build-graph.ts';
import { divideMemory, JOB_BYTES, TOOLS_BYTES } from './build-memory.ts';
import { wholeNs } from './computing.ts';
import { JobSlots } from './job-slots.ts';

/** Instructions per cycle of a compile: 0.71 to 0.73 (Linux 4.13 build, perf.mvermeulen.com). */
const IPC = 0.72;
/**
 * What a compile keeps in flight, and which share of its lines go back to memory: all, as there are also those it evicts and prefetches
 * without waiting for them. Both are fitted to the published table named below.
 */
const LINES_IN_FLIGHT = 4;
const WRITE_SHARE = 1;
/** Clock (assumed) and idle latency of local memory at which the stall share holds: Opteron 6172 (LPD-EPFL/mctop, lpd48core). */
const STALL_CLOCK_GHZ = 2.1;
const LOCAL_LATENCY_NS = 67;
/** Clock of the machines on which CPU times of processes were measured (the first source); it names none. Assumed. */
const TIMED_CLOCK_GHZ = 3.5;
/** Last-level caches that a compile's data would fill: almost all of it passes through. Assumed. */
const WORKING_SET_CACHES = 12;
/** System time of a process: 41 to 58 s over 29,135, the first source, of which its faults are a part (500 ns each, assumed). */
const SYSTEM_NS = ms((41 + 58) / 2 / 29.135) - 1_081 * 500;
const DISK_READ_NS = ms(8); // assumed: a seek and half a turn
const LINK_NS = ms(1_200);

/** What a slot does next for its job; the compile's parts are COMPILE, COMPILE + 1, ... */
const IDLE = 0;
const READ = 1;
const EXEC = 2;
const FAULT_IN = 3;
const COMPILE = 4;
const COMPILE_PARTS = 4;
const WRITE = COMPILE + COMPILE_PARTS;
const FINISH = WRITE + 1;
/** Before the clock starts slot 0 puts the tree and the tools into memory, as kernbench reads its sources before it times. */
const UNPACK = FINISH + 1;
const LOAD = UNPACK + 1;
const OPEN = LOAD + 1;

/**
 * kernbench: make -jN of a seeded graph of compile jobs, one archive a directory, one serial link at the end. A job forks and execs
 * (system), faults its memory in, compiles half on its own memory and a quarter each on the tree (sources, objects) and on the tools
 * (compiler, headers), writes its object (system) and frees its memory. A job whose files the page cache has no room for (build-memory.ts)
 * reads them from the disk first. The memory character is fitted to two of the six gains that
 * A. Przywara published (Xen commit 22b984ae9a, 2009; `numalab validate xen-2009-kernbench`): 4.8 % of the time waiting for idle local
 * memory, with 4 lines in flight and as many written as read. The link's default follows from the same table: 464.32 s on one vCPU and 261.69 s on
 * two leave 12.7 % serial (Amdahl), of 200 jobs 1.2 s.
 * Not modelled: that a link's memory is larger than a compile's. Throughput is in jobs/s, archives and link included: it means the
 * same for every size of build, where builds/h would say nothing until the only build is over.
 */
export const kernbench: WorkloadEntry = {
  name: 'kernbench',
  summary: 'a kernel build: make -jN over a graph of compile jobs, a serial link at the end',
  ends: 'by itself',
  options: [
    { name: 'jobs', summary: 'objects to compile', kind: 'count', default: 200, min: 1, max: 1_000_000 },
    { name: 'j', summary: 'jobs at once; 0: as many as vCPUs', kind: 'count', default: 0, min: 0, max: 4096 },
    { name: 'link', summary: 'CPU time of the serial link, on a CPU of 3.5 GHz', kind: 'time', default: LINK_NS, min: 1 },
    {
      name: 'media',
      summary: 'where sources and objects are: in tmpfs they take memory for good, on disk as much of it as the page cache has',
      kind: 'choice',
      default: 'tmpfs',
      choices: ['tmpfs', 'disk'],
    },
    { name: 'tree', summary: 'sources and objects; 0: 800 MiB, in tmpfs less where the guest is small', kind: 'bytes', default: 0, min: 0 },
    {
      name: 'tools',
      summary: 'compiler, libraries and headers, on disk and in the page cache',
      kind: 'bytes',
      default: TOOLS_BYTES,
      min: 1,
    },
    {
      name: 'stall',
      summary: 'share of the time a compile waits for idle local memory, on an Opteron 6172',
      kind: 'share',
      default: 0.048,
      min: 0,
      max: 0.9,
    },
  ],
  build(options, setup) {
    const slotCount = numberOption(options, 'j') || setup.vcpus;
    const { treeBytes, toolsBytes, lostShare } = divideMemory(
      setup,
      slotCount,
      choiceOption(options, 'media'),
      numberOption(options, 'tree'),
      numberOption(options, 'tools'),
    );
    const treeRegion = slotCount; // after the regions of the slots
    const toolsRegion = slotCount + 1;
    const graph = drawBuildGraph(numberOption(options, 'jobs'), numberOption(options, 'link'), setup);
    const readsNs = drawReadsNs(graph.jobCount, lostShare, setup);
    const slots = new JobSlots(graph, slotCount);
    const step = new Uint8Array(slotCount);
    const job = new Int32Array(slotCount);
    step[0] = UNPACK;

    const stall = numberOption(options, 'stall');
    const missRatio = 1 - 1 / WORKING_SET_CACHES; // of a compile that is alone on its node
    const accessesPerInstruction = (stall * LINES_IN_FLIGHT) / (IPC * STALL_CLOCK_GHZ * LOCAL_LATENCY_NS * missRatio);

    function fillRun(phase: Phase, region: number, timedNs: number): void {
      phase.kind = RUN;
      phase.instructions = timedNs * IPC * TIMED_CLOCK_GHZ;
      phase.cyclesPerInstruction = (1 - stall) / IPC;
      phase.accessesPerInstruction = accessesPerInstruction;
      phase.linesInFlight = LINES_IN_FLIGHT;
      phase.writeShare = WRITE_SHARE;
      phase.region = region;
      phase.pattern = RANDOM;
      phase.workingSetBytes = WORKING_SET_CACHES * setup.llcBytes;
    }

    function fillTouch(phase: Phase, region: number, bytes: number, calls: GuestCalls): void {
      if (!calls.allocate(region, bytes)) {
        slots.end(calls); // make stops at the first error
        phase.kind = DONE;
        return;
      }
      phase.kind = TOUCH;
      phase.region = region;
      phase.offsetBytes = 0;
      phase.bytes = bytes;
      phase.isSystem = true;
    }

    function compileRegion(slot: number, part: number): number {
      if (part % 2 === 0) return slot;
      return part === 1 ? treeRegion : toolsRegion;
    }

    function next(slot: number, phase: Phase, calls: GuestCalls): void {
      if (step[slot] === UNPACK || step[slot] === LOAD) {
        const isTree = step[slot]!++ === UNPACK;
        return fillTouch(phase, isTree ? treeRegion : toolsRegion, isTree ? treeBytes : toolsBytes, calls);
      }
      if (step[slot] === OPEN) {
        calls.startMeasuring();
        slots.open(calls);
        step[slot] = IDLE;
      }
      if (step[slot] === FINISH) {
        calls.free(slot);
        slots.finish(job[slot]!, calls);
        step[slot] = IDLE;
      }
      if (step[slot] === IDLE) {
        const taken = slots.take(slot);
        if (taken === NONE) {
          phase.kind = slots.isOver ? DONE : BLOCK;
          return;
        }
        job[slot] = taken;
        step[slot] = readsNs[taken]! > 0 ? READ : EXEC;
      }
      fillStep(step[slot]!++, slot, phase, calls);
    }

    function fillStep(at: number, slot: number, phase: Phase, calls: GuestCalls): void {
      if (at === READ) {
        phase.kind = SLEEP;
        phase.isDisk = true;
        phase.durationNs = readsNs[job[slot]!]!;
      } else if (at === FAULT_IN) {
        fillTouch(phase, slot, JOB_BYTES, calls);
      } else if (at === EXEC || at === WRITE) {
        fillRun(phase, at === EXEC ? toolsRegion : treeRegion, SYSTEM_NS / 2);
        phase.isSystem = true;
        phase.work = at === WRITE ? 1 : 0;
        phase.isWorkAtEnd = true;
      } else {
        fillRun(phase, compileRegion(slot, at - COMPILE), graph.userNs[job[slot]!]! / COMPILE_PARTS);
      }
    }

    return {
      tasks: slotCount,
      regions: slotCount + 2,
      unit: 'processes/s',
      next,
      figures: () => ({
        processes: slots.finishedCount, // objects, archives and the link
        archives: graph.archiveCount,
        cachedShare: 1 - lostShare,
        diskReads: readsNs.reduce((count, ns) => count + (ns > 0 ? 1 : 0), 0),
      }),
    };
  },
};

/**
 * How long each job waits for the disk, 0 for those that find their files in memory. What a job draws does not depend on the memory, so
 * those that wait in a guest wait in every smaller one too.
 */
function drawReadsNs(jobCount: number, lostShare: number, setup: WorkloadSetup): Float64Array {
  const disk = setup.stream(0, 'disk');
  const lost = setup.stream(0, 'page cache');
  return Float64Array.from({ length: jobCount }, () => {
    const readNs = wholeNs(exponential(disk, DISK_READ_NS));
    return lost() < lostShare ? readNs : 0;
  });
}
