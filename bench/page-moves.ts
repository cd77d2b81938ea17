import { policies, policyNamed } from '../policies/index.ts';
import { formatNumber } from '../report/format.ts';
import { table } from '../report/table.ts';
import { buildWorld } from '../sim/build.ts';
import { finishCopy } from '../sim/copying.ts';
import { run } from '../sim/engine.ts';
import { moveRoomBytes, requestMove, takeCopy } from '../sim/moving.ts';
import { COPY_MOVE } from '../sim/page-moves.ts';
import { compose, FLOATING, type MemoryPolicy, type PolicyEntry } from '../sim/policy-api.ts';
import { namedStream, shuffle } from '../sim/random.ts';
import { type GuestId, KiB, ms, type NodeId } from '../sim/units.ts';
import { scenarioOf } from './cases.ts';

const ROUNDS = 5;
/** CPU ns a block moved, and what the whole of NUMA balancing may make of a run. */
const MOVE_TARGET_NS = 80;
const RATIO_TARGET = 1.5;
const BALANCED = { workload: 'hot-set:heat=zipf', guests: '48', memory: '2GiB', duration: '2s', machine: 'uniform' };

/** In any order of blocks, and all that a policy's move takes. */
const WAYS: readonly (readonly [isShuffled: boolean, isWhole: boolean])[] = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
];

/** What the bookkeeping of a moved block costs, what a fault costs, and what balancing costs a run. */
export function printPageMoves(): void {
  const counts = [1e4, 1e5, 1e6];
  const rows = counts.map((count) => [
    count,
    ...WAYS.map(([isShuffled, isWhole]) => formatNumber(median(Array.from({ length: ROUNDS }, () => movedNs(count, isShuffled, isWhole))))),
    formatNumber(MOVE_TARGET_NS),
  ]);
  console.log(`\nblocks moved to and fro between two nodes, CPU ns a move, median of ${ROUNDS} rounds: counted on the other node alone,`);
  console.log('and all of it: asked for, queued, taken, mapped anew, remembered, told\n');
  console.log(table(['blocks', 'counted, in order', 'in any order', 'all, in order', 'in any order', 'target'], rows));
  console.log(`a hint fault with all that follows: ${formatNumber(faultUs())} us`);
  if (!policyNamed('autonuma')) {
    console.log('autonuma is not among the policies: its ratio is left out');
    return;
  }
  const ratios = Array.from({ length: 3 }, () => cpuUs('autonuma') / cpuUs('kvm-eevdf'));
  console.log(`48 guests of 2 GiB, CPU time under autonuma over kvm-eevdf: ${formatNumber(median(ratios))}, target ${RATIO_TARGET}`);
}

/** CPU ns a move of each block of a guest, in the order of addresses or shuffled. */
function movedNs(count: number, isShuffled: boolean, isWhole: boolean): number {
  const scenario = {
    ...scenarioOf({ workload: 'hot-set:size=64MiB', guests: '1', memory: '4GiB', duration: '1s' }),
    policy: mover({}),
    blockBytes: KiB(4),
    mappingBytes: KiB(4),
  };
  const { w } = buildWorld(scenario);
  w.placements.push(...w.guests.map(() => FLOATING));
  w.memory.allocate(0, 0, count * KiB(4));
  for (let block = 0; block < count; block++) w.memory.back(0, 0, block, 0, 'none');
  moveRoomBytes(w);
  const blocks = Int32Array.from({ length: count }, (_, block) => block);
  if (isShuffled) shuffle(blocks, count, namedStream('1', 'bench', 0, 'blocks'));
  const passes = Math.ceil(1e6 / count);
  const pass = (to: number): void => {
    const vcpu = w.copies.mover[to]!;
    for (let i = 0; i < count; i++) {
      if (!isWhole) {
        w.memory.move(0, 0, blocks[i]!, to);
        continue;
      }
      requestMove(w, vcpu, 0, blocks[i]!, to, COPY_MOVE);
      takeCopy(w, vcpu);
      finishCopy(w, vcpu);
    }
  };
  pass(1); // warm up
  const before = process.cpuUsage();
  for (let i = 0; i < passes; i++) pass(i % 2 === 0 ? 0 : 1);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / (passes * count);
}

/** CPU us a fault: a run whose memory is marked again and again, less the same without marks. */
function faultUs(): number {
  const base = scenarioOf({ workload: 'hot-set:size=64MiB', guests: '1', memory: '256MiB', duration: '4s' });
  const step: NonNullable<MemoryPolicy['plan']>['step'] = (k) => void k.markBlocks(0 as GuestId, 0, k.guestBlockCount(0 as GuestId));
  const timed = (policy: PolicyEntry): [us: number, faults: number] => {
    const before = process.cpuUsage();
    const { total } = run({ ...base, policy, blockBytes: KiB(64), mappingBytes: KiB(64) });
    const { user, system } = process.cpuUsage(before);
    return [user + system, total.hintFaults];
  };
  const marking = mover({ plan: { periodNs: ms(100), step }, onHintFault: () => undefined });
  timed(marking); // warm up
  const costs = Array.from({ length: ROUNDS }, () => {
    const [withUs, faults] = timed(marking);
    return (withUs - timed(mover({}))[0]) / faults;
  });
  return median(costs);
}

/** CPU us of the run of 48 guests under a policy. */
function cpuUs(policy: string): number {
  const scenario = scenarioOf({ ...BALANCED, policy });
  const before = process.cpuUsage();
  run(scenario);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** kvm-numactl's vCPUs, all memory at node 0 at first. */
function mover(memory: Partial<MemoryPolicy>): PolicyEntry {
  const base = policies.find(({ name }) => name === 'kvm-numactl')!;
  const part: MemoryPolicy = { name: 'mover', backs: 'first-touch', fallback: 'distance', alloc: () => 0 as NodeId, plan: { periodNs: ms(1000), step: () => undefined }, ...memory }; // prettier-ignore
  return { ...base, make: (options) => compose('mover', base.make(options), { memory: part }) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
