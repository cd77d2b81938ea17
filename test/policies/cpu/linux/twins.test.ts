import { describe, expect, test } from 'vitest';
import { cfs } from '../../../../policies/cpu/linux/cfs.ts';
import { eevdf } from '../../../../policies/cpu/linux/eevdf.ts';
import { type CpuPolicy } from '../../../../sim/policy-api.ts';
import { namedStream } from '../../../../sim/random.ts';
import { ms, us } from '../../../../sim/units.ts';
import { fakeKernel } from '../../fake-kernel.ts';
import { SlowCfs } from './cfs.slow.ts';
import { SlowEevdf } from './eevdf.slow.ts';
import { oneCpu } from './one-cpu.ts';

interface Twin {
  readonly running: number;
  wake(id: number): void;
  block(): void;
  pass(stepNs: number, isTick: boolean): void;
}

const WEIGHTS = [1024, 335, 15, 88761, 110, 1024, 2501];
const STEP_NS = us(100);
const STEPS = 4000;

/** Random sleeping and waking on one CPU, where who runs is compared after each event and each 0.1 ms. */
function agree(policy: CpuPolicy, twin: Twin, seed: string): number {
  const random = namedStream(seed, 'twins', 0, 'x');
  const k = fakeKernel({ nodeCpus: [1], guests: WEIGHTS.map((weight) => ({ vcpus: 1, weight: (weight * 100) / 1024 })) });
  k.start(policy);
  const asleep = new Set(WEIGHTS.keys());
  let switches = 0;
  let before = -1;
  const check = (what: string): void => {
    const [running] = k.onCpus();
    expect(running, `seed ${seed}: after ${what} at ${k.nowNs} ns`).toBe(twin.running);
    if (running !== before) switches++;
    before = running!;
  };
  for (let step = 1; step <= STEPS; step++) {
    for (const id of WEIGHTS.keys()) {
      if (!asleep.has(id) || random() > 0.01) continue;
      asleep.delete(id);
      k.wake(id);
      twin.wake(id);
      check(`wake of ${id}`);
    }
    const [running] = k.onCpus();
    if (running! >= 0 && random() < 0.03) {
      asleep.add(running!);
      k.block(running!);
      twin.block();
      check(`sleep of ${running}`);
    }
    k.pass(STEP_NS);
    twin.pass(STEP_NS, k.nowNs % ms(4) === 0);
    check('time');
  }
  return switches;
}

describe.each(['20101103', '7', '8', '9', '10', '11'])('with seed %s', (seed) => {
  test.each([us(700), ms(3), ms(11)])('EEVDF with requests of %d ns runs whom exact fractions say', (sliceNs) => {
    expect(agree(eevdf(oneCpu, { sliceNs }), new SlowEevdf(WEIGHTS, sliceNs), seed)).toBeGreaterThan(100);
  });

  test('CFS runs whom whole numbers without limits say', () => {
    expect(agree(cfs(oneCpu), new SlowCfs(WEIGHTS), seed)).toBeGreaterThan(100);
  });
});
