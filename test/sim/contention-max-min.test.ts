import { describe, expect, test } from 'vitest';
import { jobC, LOADS } from '../../bench/job-c.ts';
import { machineNamed } from '../../machines/index.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { MaxMinContention } from '../../sim/contention-max-min.ts';
import type { Network } from '../../sim/flow-table.ts';
import { buildMachine, CONTROLLER, LINK, type Machine, PAIR } from '../../sim/machine.ts';
import { below, namedStream } from '../../sim/random.ts';
import { type FlowSpec, loadOf } from './contention-fifo.slow.ts';
import { disturb, drawFlow, drawMachine, offer, settle } from './contention-fixture.ts';
import { slowMaxMin } from './contention-max-min.slow.ts';

/** A flow by hand: what it would take at most, its weight, and how much of each resource one line of it uses. */
interface Wish {
  readonly top: number;
  readonly weight?: number;
  readonly uses: Readonly<Record<number, number>>;
}

/** The network through which each flow has a way of its own: pair i + 1 for flow i. Pair 0 only says that a flow may use everything. */
function networkOf(capacity: readonly number[], wishes: readonly Wish[], kinds: readonly number[]): Network {
  const ways = [capacity.map((_, resource) => [resource, 1] as const), ...wishes.map(({ uses }) => Object.entries(uses))];
  const useStart = [0];
  for (const way of ways) useStart.push(useStart[useStart.length - 1]! + way.length);
  const entries = ways.flat();
  return {
    nodeCount: 1,
    resourceCount: capacity.length,
    resourceKind: Uint8Array.from(kinds),
    capacity: Float64Array.from(capacity),
    riseNs: new Float64Array(1),
    curve: 0,
    useStart: Int32Array.from(useStart),
    useResource: Int32Array.from(entries, ([resource]) => Number(resource)),
    useRead: Float64Array.from(entries, ([, amount]) => amount),
    useWrite: Float64Array.from(entries, ([, amount]) => amount),
  };
}

function shared(capacity: readonly number[], wishes: readonly Wish[], kinds = capacity.map(() => CONTROLLER as number)): MaxMinContention {
  const contention = new MaxMinContention(networkOf(capacity, wishes, kinds), wishes.length);
  wishes.forEach(({ top, weight }, flow) => {
    contention.beginFlow(flow, 1 / top, 1, 1, weight);
    contention.addUse(flow, flow + 1, 1, 1, 0);
    contention.commitFlow(flow);
  });
  settle(contention);
  contention.certify();
  return contention;
}

const MUCH = 100;
const times = (count: number, wish: Wish): Wish[] => new Array<Wish>(count).fill(wish);
const each = (count: number, rate: number): number[] => new Array<number>(count).fill(rate);
const wants = (top: number, weight?: number): Wish => ({ top, uses: { 0: 1 }, ...(weight === undefined ? {} : { weight }) });

describe('max-min shares that can be worked out by hand', () => {
  const halves = (MC1: number): [number[], Wish[]] => [
    [12, MC1],
    [...times(4, { top: 3, uses: { 0: 1 } }), ...times(4, { top: 3, uses: { 0: 0.5, 1: 0.5 } })],
  ];
  test.each<[string, number[], Wish[], number[]]>([
    [
      'a parking lot',
      [1, 1, 1],
      [{ top: MUCH, uses: { 0: 1, 1: 1, 2: 1 } }, ...[0, 1, 2].map((r) => ({ top: MUCH, uses: { [r]: 1 } }))],
      each(4, 1 / 2),
    ],
    [
      'SimGrid lmm_usage test1',
      [1, 10, 1],
      [{ top: MUCH, uses: { 0: 1, 1: 1, 2: 1 } }, ...[0, 1, 2].map((r) => ({ top: MUCH, uses: { [r]: 1 } }))],
      [1 / 2, 1 / 2, 19 / 2, 1 / 2],
    ],
    ['six readers that want 3 of 12', [12], times(6, wants(3)), each(6, 2)],
    ['readers that want 1, 1, 3, 3, 3, 3 of 12', [12], [1, 1, 3, 3, 3, 3].map((top) => wants(top)), [1, 1, ...each(4, 5 / 2)]],
    ['readers that want 1, 2, 2, 2, 3, 3.5 of 12', [12], [1, 2, 2, 2, 3, 3.5].map((top) => wants(top)), [1, 2, 2, 2, 5 / 2, 5 / 2]],
    [
      'four local and four over a link of 5',
      [12, 5],
      [...times(4, wants(3)), ...times(4, { top: 3, uses: { 0: 1, 1: 1 } })],
      [...each(4, 7 / 4), ...each(4, 5 / 4)],
    ],
    ['four on one controller, four on both', ...halves(6), each(8, 2)],
    ['the same where the second has 3', ...halves(3), [...each(4, 9 / 4), ...each(4, 3 / 2)]],
    ['weights 1, 2, 3', [12], [wants(MUCH, 1), wants(MUCH, 2), wants(MUCH, 3)], [2, 4, 6]],
    ['weights 1, 2, 3, the last with a wish of 4', [12], [wants(MUCH, 1), wants(MUCH, 2), wants(4, 3)], [8 / 3, 16 / 3, 4]],
    [
      'two controllers of 10 and a link of 4',
      [10, 10, 4],
      [...times(5, wants(MUCH)), ...times(3, { top: MUCH, uses: { 0: 1, 2: 1 } }), ...times(2, { top: MUCH, uses: { 1: 1 } })],
      [...each(8, 5 / 4), 5, 5],
    ],
    ['SimGrid: penalties 1 and 2 on 3', [3], [wants(MUCH, 1), wants(MUCH, 1 / 2)], [2, 1]],
    ['SimGrid: consumption 1 and 2 of 3', [3], [wants(MUCH), { top: MUCH, uses: { 0: 2 } }], [1, 1]],
    ['SimGrid: both, of 20', [20], [wants(MUCH), { top: MUCH, weight: 1 / 2, uses: { 0: 2 } }], [10, 5]],
    [
      'SimGrid: two constraints with a shared variable',
      [20, 60],
      [
        { top: MUCH, uses: { 0: 1, 1: 2 } },
        { top: MUCH, weight: 1 / 2, uses: { 0: 2 } },
        { top: MUCH, uses: { 1: 1 } },
      ],
      [10, 5, 40],
    ],
  ])('%s', (_, capacity, wishes, rates) => {
    const contention = shared(capacity, wishes);
    rates.forEach((rate, flow) => expect(1 / contention.unitNs[flow]!, `flow ${flow}`).toBeCloseTo(rate, 9));
  });

  test('a delay is booked where the flow is held, at a controller before a link that holds it as much', () => {
    const kinds = [CONTROLLER, LINK, PAIR, LINK]; // in the order in which machines number them
    const contention = shared(
      [8, 3, 2, 8],
      [
        { top: 4, uses: { 0: 1, 2: 1 } }, // 2 by the pair
        { top: 4, uses: { 0: 1, 1: 1 } }, // 3 by the link
        { top: 4, uses: { 0: 1 } }, //       3 by the controller, what these leave
        { top: 8, uses: { 3: 1 } }, //       as much as alone
      ],
      kinds,
    );
    const queues = [0, 1, 2, 3].map((flow) => [...contention.queueNs.subarray(flow * 3, flow * 3 + 3)]);
    const expected = [
      [0, 0, 1 / 2 - 1 / 4],
      [1 / 3 - 1 / 4, 0, 0],
      [1 / 3 - 1 / 4, 0, 0],
      [0, 0, 0],
    ];
    // the second flow would get 3 of its link and 3 of the controller alike: booked to the controller, whichever came first
    queues.forEach((queue, flow) => queue.forEach((ns, kind) => expect(ns, `flow ${flow}`).toBeCloseTo(expected[flow]![kind]!, 9)));
  });
});

describe('the shares of random flows on random machines', () => {
  test.each([
    ['lopsided', 300],
    ['opteron-6164-4s', 30],
    ['opteron-6172-4s', 30],
  ])('on %s are those that the slow twin finds, and certify themselves (%i seeds)', (name, seeds) => {
    const plain = buildMachine(machineNamed(name)!);
    const held = new Set<number>();
    for (let seed = 0; seed < seeds; seed++) {
      const random = namedStream(String(seed), name, 0, 'max-min');
      const machine = random() < 0.5 ? plain : drawMachine(plain, random);
      const flows = Array.from({ length: 1 + below(random, machine.cpuCount) }, (_, cpu) =>
        drawFlow(machine, machine.cpuNode[cpu]!, random),
      );
      const contention = new MaxMinContention(machine, machine.cpuCount);
      flows.forEach((spec, flow) => offer(contention, flow, spec));
      settle(contention);
      contention.certify();
      const slow = slowMaxMin(machine, flows);
      flows.forEach((spec, flow) => {
        const hint = `flow ${flow}, machine ${name}, seed ${seed}`;
        expect(spec.lines / contention.unitNs[flow]! / slow[flow]!, hint).toBeCloseTo(1, 9);
        const queues = contention.queueNs.subarray(flow * 3, flow * 3 + 3);
        expect((spec.baseNs + queues.reduce((sum, ns) => sum + ns, 0)) / contention.unitNs[flow]!, hint).toBeCloseTo(1, 12);
        queues.forEach((ns, kind) => ns > 0 && held.add(kind));
      });
      for (let resource = 0; resource < machine.resourceCount; resource++) {
        const sum = flows.reduce(
          (all, spec, flow) => all + (spec.lines * (loadOf(machine, spec).get(resource) ?? 0)) / contention.unitNs[flow]!,
          0,
        );
        expect(contention.traffic(resource), `resource ${resource}, seed ${seed}`).toBeCloseTo(sum, 9);
      }
    }
    expect([...held].sort()).toEqual([CONTROLLER, LINK, PAIR]); // or the comparison would say little
  });

  test.each([
    ['lopsided', 60],
    ['opteron-6172-4s', 12],
  ])('on %s do not depend on what came and went before (%i seeds)', (name, seeds) => {
    const machine = buildMachine(machineNamed(name)!);
    for (let seed = 0; seed < seeds; seed++) {
      const random = namedStream(String(seed), name, 0, 'history');
      const contention = new MaxMinContention(machine, machine.cpuCount);
      const flows = new Map<number, FlowSpec>();
      for (let step = 0; step < 120; step++) {
        const before = Float64Array.from(contention.unitNs);
        disturb(contention, machine, flows, random, 0.3);
        const changed = settle(contention);
        if (step % 3 !== 2) continue;
        const fresh = new MaxMinContention(machine, machine.cpuCount);
        for (const [cpu, spec] of flows) offer(fresh, cpu, spec);
        settle(fresh);
        for (const cpu of flows.keys()) {
          const hint = `CPU ${cpu}, machine ${name}, seed ${seed}, step ${step}`;
          expect(contention.unitNs[cpu]! / fresh.unitNs[cpu]!, hint).toBeCloseTo(1, 9);
          if (!changed.has(cpu)) expect(contention.unitNs[cpu], hint).toBe(before[cpu]);
        }
      }
    }
  });
});

test('more capacity at one resource never takes from those who have least, though one alone may lose', () => {
  const machine = buildMachine(lopsided);
  const rates = (on: Machine, flows: readonly FlowSpec[]): number[] => {
    const contention = new MaxMinContention(on, on.cpuCount);
    flows.forEach((spec, flow) => offer(contention, flow, spec));
    settle(contention);
    return flows.map((spec, flow) => spec.lines / contention.unitNs[flow]!);
  };
  let losers = 0;
  for (let seed = 0; seed < 400; seed++) {
    const random = namedStream(String(seed), 'lopsided', 0, 'more capacity');
    const drawn = drawMachine(machine, random);
    const flows = Array.from({ length: 2 + below(random, 5) }, (_, cpu) => drawFlow(drawn, drawn.cpuNode[cpu]!, random));
    const more = below(random, drawn.resourceCount);
    const wider = { ...drawn, capacity: drawn.capacity.map((capacity, resource) => (resource === more ? 1.3 * capacity : capacity)) };
    const [before, after] = [rates(drawn, flows), rates(wider, flows)];
    if (after.some((rate, flow) => rate < before[flow]! * (1 - 1e-6))) losers++;
    const [least, now] = [before, after].map((all) => [...all].sort((x, y) => x - y));
    const first = least!.findIndex((rate, i) => Math.abs(now![i]! / rate - 1) > 1e-9); // the first, from below, that is another
    if (first >= 0) expect(now![first]!, `seed ${seed}, ${drawn.resourceNames[more]}`).toBeGreaterThan(least![first]!);
  }
  expect(losers).toBeGreaterThan(0); // or it would say no more than that everybody gains
});

describe('on the lopsided machine', () => {
  const machine = buildMachine(lopsided);
  const flow = (cpuNode: number, node: number, writeShare = 0): FlowSpec => ({
    baseNs: 4,
    lines: 1,
    inFlight: 20,
    uses: [{ pair: cpuNode * 3 + node, share: 1, writeShare }],
  });

  test('written lines that fill the link back are held there', () => {
    const contention = new MaxMinContention(machine, machine.cpuCount);
    offer(contention, 0, flow(0, 2, 1));
    settle(contention);
    expect(contention.unitNs[0]).toBeCloseTo(64 / 3, 9); // link 0>2 takes 3 GB/s back
    expect(contention.queueNs[1]).toBeCloseTo(64 / 3 - 4, 9);
  });

  test('nothing is solved when nothing that carries traffic moved', () => {
    const contention = new MaxMinContention(machine, machine.cpuCount);
    offer(contention, 0, flow(0, 0));
    settle(contention);
    settle(contention);
    contention.clearFlow(2);
    settle(contention);
    expect(contention.solves).toBe(1);
  });

  test('a change touches only flows that are held by what it fills', () => {
    const contention = new MaxMinContention(machine, machine.cpuCount);
    const slow = { ...flow(0, 0), baseNs: 64 }; // 1 GB/s
    [slow, flow(0, 0), flow(0, 0), flow(1, 1)].forEach((spec, cpu) => offer(contention, cpu, spec));
    settle(contention);
    offer(contention, 4, flow(2, 2));
    expect(settle(contention)).toEqual(new Set([4]));
    offer(contention, 5, { ...flow(2, 0), baseNs: 128 }); // 0.5 GB/s of controller 0
    expect(settle(contention)).toEqual(new Set([1, 2, 5])); // not the slow one, which gets all it asks
    expect(contention.unitNs[1]).toBeCloseTo(64 / ((12 - 1 - 0.5) / 2), 9);
  });
});

test.each([
  ['moderate', 61.18772],
  ['heavy', 69.257569],
])('a run of 96 tasks under %s load ends when it does in other fluid simulators', (name, endS) => {
  // SimGrid 3.32 (moderate) and a full refill in C (heavy), to all digits they print
  expect(
    jobC(
      'max-min',
      LOADS.find((load) => load.name === name)!,
      20,
    ).endS,
  ).toBeCloseTo(endS, 6);
});
