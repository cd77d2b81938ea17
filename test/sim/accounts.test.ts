import { describe, expect, test } from 'vitest';
import { readScenario } from '../../experiments/scenario-input.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { Recording } from '../../sim/recording.ts';
import { ms } from '../../sim/units.ts';
import { DONE } from '../../sim/workload-api.ts';
import { workloads } from '../../workloads/index.ts';
import { computes, guest, program, ran } from './scenario-fixture.ts';

const told = (flags: Record<string, string>): Recording => run(readScenario({ flags }, { machines, policies, workloads }));

describe('what a guest is charged with', () => {
  test('is what its instances do: the wakes and switches of its boot are not theirs', () => {
    const { guests } = told({ policy: 'kvm-numactl', workload: 'compute', guests: '4', 'host-noise': '0', duration: '300ms' });
    for (const { name, bootNs, wakes, contextSwitches, migrations } of guests) {
      expect(bootNs, name).toBeGreaterThan(ms(24)); // 24 waits for the disk, each with a wake
      expect(wakes, name).toBeLessThanOrEqual(1); // to start the instance, unless its vCPU was still up
      expect(contextSwitches, name).toBeLessThanOrEqual(1);
      expect(migrations, name).toEqual({ core: 0, cpu: 0, node: 0, socket: 0 });
    }
  });

  test('for a moved block is at least what its lines take to read from another node and to write', () => {
    const flags = { policy: 'unpinned-migrating', workload: 'lmbench-rd:size=64MiB', guests: '12', duration: '2s', seed: '2' };
    const { total } = told(flags);
    expect(total.pageMoves).toBeGreaterThan(20);
    // 2 MiB at 2.08 GB/s, one thread's best from another node, before a line is written
    expect(total.causes.pageCopy).toBeGreaterThan((total.pageMoves * 2 ** 21) / 2.08);
    expect(total.causes.pageCopy).toBeLessThan(((total.pageMoves + 12) * 2 ** 21) / 0.2);
  });
});

describe('an unpinned guest', () => {
  const nodesOf = (policy: string): number[] =>
    told({ policy, workload: 'compute', guests: '12', duration: '10ms', 'host-noise': '0' }).guests.map(
      ({ blocksByNode }) => blocksByNode.filter((blocks) => blocks > 0).length,
    );

  test('wanders while it boots, and leaves memory where it has been', () => {
    expect(nodesOf('kvm-unpinned').filter((nodes) => nodes > 1).length).toBeGreaterThan(3);
  });

  test('and one that is held does not', () => {
    expect(nodesOf('kvm-numactl')).toEqual(Array(12).fill(1));
  });
});

test('two tasks on one vCPU take turns of a slice, so both end at the end', () => {
  // 30 and 33 ms in turns of 4 ms: when the first begins its eighth turn, 7 * 4 + 2 = 30, the other has had 7 * 4 = 28: it ends at 58 ms;
  // one after the other it would end at 30
  const doneNs = [0, 0];
  const hasRun = [false, false];
  const twoTasks = program(
    (task, phase, calls) => {
      if (hasRun[task]) {
        doneNs[task] = calls.nowNs;
        phase.kind = DONE;
        return;
      }
      hasRun[task] = true;
      computes(phase, (task === 0 ? ms(30) : ms(33)) * machines.find(({ name }) => name === 'lopsided')!.clockGHz.value);
    },
    { tasks: 2 },
  );
  ran({ guests: [guest(twoTasks)] });
  expect(doneNs[0]).toBeGreaterThanOrEqual(ms(58));
  expect(doneNs[0]).toBeLessThan(ms(58.2));
  expect(doneNs[1]).toBeGreaterThanOrEqual(ms(63));
  expect(doneNs[1]).toBeLessThan(ms(63.2));
});
