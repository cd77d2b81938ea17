import { choiceOption, numberOption, type OptionSpec, type OptionValues } from '../sim/options.ts';
import { GiB, MiB, NONE, PAGE_BYTES } from '../sim/units.ts';
import type { WorkloadSetup } from '../sim/workload-api.ts';

const DEFAULT_INPUT_BYTES = GiB(1);
/** Share of the guest's free memory that input and tables may take, so that the guest itself is never short. */
const MEMORY_SHARE = 0.75;

export const mapReduceOptions: readonly OptionSpec[] = [
  { name: 'size', summary: 'input of all threads; 0: 1 GiB, or what a small guest has room for', kind: 'bytes', default: 0, min: 0 },
  {
    name: 'passes',
    summary: 'how often it is mapped: a small input stands for a big one',
    kind: 'count',
    default: 4,
    min: 1,
    max: 1_000_000,
  },
  {
    name: 'input',
    summary: 'who loads it: main thread 0; apart the last vCPU, which does nothing else; each thread its own share',
    kind: 'choice',
    default: 'main',
    choices: ['main', 'apart', 'each'],
  },
  { name: 'tasks', summary: 'map tasks of each thread in a pass', kind: 'count', default: 16, min: 1, max: 4096 },
  {
    name: 'take',
    summary: 'how threads get map tasks: queue the next of all, equal a fixed share',
    kind: 'choice',
    default: 'queue',
    choices: ['queue', 'equal'],
  },
  { name: 'pattern', summary: 'how a map task reads its input', kind: 'choice', default: 'sweep', choices: ['sweep', 'random'] },
  { name: 'cpi', summary: 'cycles per instruction without the wait for memory', kind: 'share', default: 0.7, min: 0, max: 100 },
  { name: 'accesses', summary: 'last-level accesses per 1000 instructions', kind: 'share', default: 20, min: 0.001, max: 1000 },
  { name: 'inflight', summary: 'lines in flight of a thread; 0: as many as the core can hold', kind: 'count', default: 0, min: 0, max: 64 },
  {
    name: 'output',
    summary: "share of the map's accesses that go to the thread's own table",
    kind: 'share',
    default: 0.2,
    min: 0,
    max: 0.95,
  },
  { name: 'table', summary: 'table of each thread', kind: 'bytes', default: MiB(8), min: PAGE_BYTES },
  { name: 'write', summary: 'share of the lines of tables that are written', kind: 'share', default: 0.3, min: 0, max: 1 },
  {
    name: 'reduce',
    summary: 'share of all instructions that read the tables of all; 0: no reduction',
    kind: 'share',
    default: 0.1,
    min: 0,
    max: 0.95,
  },
];

/** How a map-reduce program is laid out. Pieces and tables are regions: the pieces first, then the table of each thread. */
export interface MapReducePlan {
  readonly threads: number;
  readonly input: string;
  /** The task that loads all of the input; NONE where each thread loads its share. */
  readonly loader: number;
  readonly hasLoader: boolean;
  /** Parts of the input, as many for each thread. */
  readonly pieces: number;
  readonly pieceBytes: number;
  /** 0 without tables. */
  readonly tableBytes: number;
  readonly mapTasks: number;
}

/** @throws RangeError when a loader has no vCPU to spare, or the input is too small to be cut up or does not fit the guest */
export function mapReducePlan(options: OptionValues, setup: WorkloadSetup): MapReducePlan {
  const input = choiceOption(options, 'input');
  const hasLoader = input === 'apart';
  const threads = setup.vcpus - (hasLoader ? 1 : 0);
  if (threads < 1) throw new RangeError(`metis-like: input = apart, want at least 2 vCPUs, not ${setup.vcpus}`);
  const pieces = threads * numberOption(options, 'tasks');
  const hasTables = numberOption(options, 'output') > 0 || numberOption(options, 'reduce') > 0;
  const tableBytes = hasTables ? numberOption(options, 'table') : 0;
  const pieceBytes = pieceBytesOf(options, setup, pieces, threads * wholeBlocks(tableBytes, setup));
  const loader = input === 'each' ? NONE : hasLoader ? threads : 0;
  return { threads, input, loader, hasLoader, pieces, pieceBytes, tableBytes, mapTasks: pieces * numberOption(options, 'passes') };
}

/** Whole pages of input for each piece. A piece has blocks of its own, so that a small one takes more memory than it has bytes. */
function pieceBytesOf(options: OptionValues, setup: WorkloadSetup, pieces: number, allTablesBytes: number): number {
  const wholePages = (bytes: number): number => Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES;
  const roomBytes = setup.freeBytes * MEMORY_SHARE - allTablesBytes;
  const most = Math.floor(roomBytes / pieces / setup.blockBytes) * setup.blockBytes;
  const asked = numberOption(options, 'size');
  const bytes = asked === 0 ? wholePages(Math.min(DEFAULT_INPUT_BYTES / pieces, most)) : wholePages(asked / pieces);
  if (bytes >= PAGE_BYTES && bytes <= most) return bytes;
  throw new RangeError(
    `metis-like: size = ${asked}, want ${pieces * PAGE_BYTES} to ${Math.max(0, most) * pieces} bytes: ` +
      `${pieces} pieces, beside tables of ${allTablesBytes} bytes in 3/4 of ${setup.freeBytes} bytes free`,
  );
}

function wholeBlocks(bytes: number, setup: WorkloadSetup): number {
  return Math.ceil(bytes / setup.blockBytes) * setup.blockBytes;
}
