import { choiceOption, numberOption } from '../sim/options.ts';
import { LINE_BYTES, NONE } from '../sim/units.ts';
import { BLOCK, DONE, type GuestCalls, type Phase, RANDOM, RUN, SWEEP, TOUCH, type WorkloadEntry } from '../sim/workload-api.ts';
import { Barrier } from './barrier.ts';
import { mapReduceOptions, mapReducePlan } from './map-reduce-plan.ts';

/** What a task does next. */
const PREPARE = 0;
const LOAD = 1;
const MAP = 2;
const REDUCE = 3;

/**
 * A map-reduce program in the shape of Metis. The input is loaded first: that is when it gets its nodes (`input`). Then all threads
 * map: each takes the next of the map tasks, of which there are 16 a thread as in Metis, or a fixed share of them, reads its piece of
 * the input once and works on a table of its own, which it touched itself. Then all reduce: each thread reads its part of the tables
 * of all. Work is counted, and timed, from the start of the map.
 * After: Metis lib/ (ydmao/Metis: splits in shared order, def_nsplits_per_core = 16). The figures of a program are to be fitted; the
 * defaults are assumed. Not modelled: the growth of tables, their merging, and locks of the memory allocator.
 */
export const metisLike: WorkloadEntry = {
  name: 'metis-like',
  summary: 'map-reduce: all threads read an input that some thread loaded, then the tables of each other',
  ends: 'by itself',
  options: mapReduceOptions,
  build(options, setup) {
    const plan = mapReducePlan(options, setup);
    const { threads, pieces, pieceBytes, tableBytes, mapTasks, hasLoader } = plan;
    const tasks = threads + (hasLoader ? 1 : 0); // the loader comes last
    const hasQueue = choiceOption(options, 'take') === 'queue';
    const pattern = choiceOption(options, 'pattern') === 'sweep' ? SWEEP : RANDOM;
    const accesses = numberOption(options, 'accesses') / 1000;
    const cycles = numberOption(options, 'cpi');
    const linesInFlight = numberOption(options, 'inflight') || Infinity;
    const writeShare = numberOption(options, 'write');
    const output = numberOption(options, 'output');
    const inputInstructions = pieceBytes / LINE_BYTES / accesses;
    const tableInstructions = (inputInstructions * output) / (1 - output);
    const reduce = numberOption(options, 'reduce');
    const visits = reduce > 0 ? threads : 0; // each thread's part of each table
    const mapInstructions = (inputInstructions + tableInstructions) * mapTasks;
    const visitInstructions = (mapInstructions * reduce) / (1 - reduce) / threads ** 2;

    const loaded = new Barrier(tasks);
    const mapped = new Barrier(threads);
    const step = new Uint8Array(tasks);
    const loads = new Int32Array(tasks); //  [task] pieces it has loaded
    const maps = new Int32Array(tasks); //   [task] map tasks it has taken
    const isAtTable = new Uint8Array(tasks); // [task] its map task has read its piece
    const visited = new Int32Array(tasks); // [task] tables it has reduced
    let takenCount = 0;
    let finishedCount = 0;
    let isFailed = false;
    let mapNs = NONE as number; //   when the map started, when the reduction did and when it ended
    let reduceNs = NONE as number;
    let endNs = NONE as number;

    /** Piece i of those that a thread has for itself, dealt out in turn. */
    const ownPiece = (task: number, i: number): number => task + threads * i;

    function nextToLoad(task: number): number {
      const i = loads[task]!++;
      if (plan.input === 'each') return i < pieces / threads ? ownPiece(task, i) : NONE;
      return task === plan.loader && i < pieces ? i : NONE;
    }

    function nextToMap(task: number): number {
      if (hasQueue) return takenCount < mapTasks ? takenCount++ % pieces : NONE;
      const i = maps[task]!++;
      return i < mapTasks / threads ? ownPiece(task, i % (pieces / threads)) : NONE;
    }

    function fillTouch(phase: Phase, region: number, bytes: number, calls: GuestCalls): void {
      if (!calls.allocate(region, bytes)) {
        isFailed = true; // the program ends, as one does whose malloc fails
        loaded.release(calls);
        phase.kind = DONE;
        return;
      }
      phase.kind = TOUCH;
      phase.region = region;
      phase.bytes = bytes;
    }

    function fillRun(phase: Phase, region: number, instructions: number): void {
      const isInput = region < pieces;
      phase.kind = RUN;
      phase.instructions = instructions;
      phase.cyclesPerInstruction = cycles;
      phase.accessesPerInstruction = accesses;
      phase.linesInFlight = linesInFlight;
      phase.writeShare = isInput ? 0 : writeShare;
      phase.region = region;
      phase.pattern = isInput ? pattern : RANDOM;
      phase.workingSetBytes = isInput ? pieces * pieceBytes : tableBytes; // a piece comes back after all others have passed
      phase.work = isInput ? pieceBytes / 1e9 : 0;
    }

    function next(task: number, phase: Phase, calls: GuestCalls): void {
      if (isFailed) {
        phase.kind = DONE;
        return;
      }
      if (step[task] === PREPARE) {
        step[task] = LOAD;
        if (tableBytes > 0 && task < threads) return fillTouch(phase, pieces + task, tableBytes, calls);
      }
      if (step[task] === LOAD) {
        const piece = nextToLoad(task);
        if (piece !== NONE) return fillTouch(phase, piece, pieceBytes, calls);
        step[task] = MAP;
        const isLoader = task === threads;
        const isLast = isLoader ? loaded.pass(calls) : loaded.arrive(task, calls);
        if (isLast) {
          calls.startMeasuring();
          mapNs = calls.nowNs;
        }
        if (isLoader || !isLast) {
          phase.kind = isLoader ? DONE : BLOCK;
          return;
        }
      }
      if (step[task] === MAP) {
        if (isAtTable[task]) {
          isAtTable[task] = 0;
          return fillRun(phase, pieces + task, tableInstructions);
        }
        const piece = nextToMap(task);
        if (piece !== NONE) {
          isAtTable[task] = tableInstructions > 0 ? 1 : 0;
          return fillRun(phase, piece, inputInstructions);
        }
        step[task] = REDUCE;
        if (!mapped.arrive(task, calls)) {
          phase.kind = BLOCK;
          return;
        }
        reduceNs = calls.nowNs;
      }
      if (visited[task]! < visits) return fillRun(phase, pieces + ((task + visited[task]!++) % threads), visitInstructions);
      phase.kind = DONE;
      if (++finishedCount === threads) endNs = calls.nowNs;
    }

    return {
      tasks,
      regions: pieces + (tableBytes > 0 ? threads : 0),
      unit: 'GB/s',
      next,
      figures: () => ({
        ...(reduceNs >= 0 ? { mapNs: reduceNs - mapNs } : {}),
        ...(endNs >= 0 ? { reduceNs: endNs - reduceNs, mapReduceNs: endNs - mapNs } : {}),
      }),
    };
  },
};
