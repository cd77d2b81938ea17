import { describe, expect, test } from 'vitest';
import { lopsided } from '../../../../machines/lopsided.ts';
import { opteron6164 } from '../../../../machines/opteron-6164-4s.ts';
import { cfs } from '../../../../policies/cpu/linux/cfs.ts';
import { eevdf } from '../../../../policies/cpu/linux/eevdf.ts';
import { balanced } from '../../../../policies/cpu/linux/linux-balance.ts';
import { firstTouch } from '../../../../policies/memory/first-touch.ts';
import { run } from '../../../../sim/engine.ts';
import { buildMachine, type Machine } from '../../../../sim/machine.ts';
import { namedStream } from '../../../../sim/random.ts';
import type { Scenario } from '../../../../sim/scenario.ts';
import { MiB, ms, seconds } from '../../../../sim/units.ts';
import { asEntry, guest, scenario, workload } from '../../../sim/scenario-fixture.ts';

const classes = { cfs, eevdf };
const policyOf = (name: keyof typeof classes): Scenario['policy'] =>
  asEntry(() => ({ name, cpu: balanced(classes[name]), memory: firstTouch() }));

const threads: Machine = buildMachine({ ...lopsided, name: 'threads', nodeCpus: [4, 2, 6], threadsPerCore: 2 });
const machines = [buildMachine(lopsided), buildMachine(opteron6164), threads];

/** Guests that come and go by turns and some that never rest, more than the machine has CPUs for at times. */
function drawn(seed: number, name: keyof typeof classes): Scenario {
  const random = namedStream(String(seed), 'drawn', 0, 'balance');
  const machine = machines[seed % machines.length]!;
  const count = 1 + Math.floor(random() * 1.2 * machine.cpuCount);
  const guests = Array.from({ length: count }, (_, i) => {
    const isBusy = random() < 0.4;
    const set = isBusy ? {} : { think: ms(0.1 + random() * 20), service: ms(0.1 + random() * 30) };
    const some = machine.cpuNode.length > 2 && random() < 0.2 ? [0, 1 + Math.floor(random() * (machine.cpuCount - 1))] : null;
    return guest(workload(isBusy ? 'compute' : 'think'), {
      name: `g${i}`,
      vcpus: 1 + Math.floor(random() * 2),
      memoryBytes: MiB(8),
      set,
      cpus: some,
    });
  });
  return scenario({
    machine,
    guests,
    policy: policyOf(name),
    hostNoise: random() < 0.5 ? 1 : 0,
    seed: String(seed),
    durationNs: seconds(1),
    checks: 'cheap',
    contention: 'max-min',
  });
}

describe.each(['cfs', 'eevdf'] as const)('%s, balanced', (name) => {
  test('leaves CPUs idle for more than 100 ms while a vCPU waits that may run there for less than 0.1 % of all time, and is the same twice', () => {
    let wastedNs = 0;
    let cpuNs = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const first = run(drawn(seed, name));
      expect(first.status, `seed ${seed}: ${first.message}`).toBe('ok');
      wastedNs += first.wastedNs;
      cpuNs += first.busyNs + first.idleNs;
      if (seed <= 2) expect(run(drawn(seed, name)).hash, `seed ${seed}`).toBe(first.hash);
    }
    expect(wastedNs / cpuNs).toBeLessThan(0.001);
  });

  test('goes on while CPUs go off line and come back', () => {
    const base = drawn(4, name);
    const cpu = (at: number, cpuId: number, isOnline: boolean): Scenario['hotplug'][number] => ({ atNs: ms(at), cpu: cpuId, isOnline });
    const recording = run({ ...base, hotplug: [cpu(100, 0, false), cpu(300, 1, false), cpu(600, 0, true), cpu(700, 1, true)] });
    expect([recording.status, recording.message]).toEqual(['ok', null]);
  });
});

test('hogs twice as many as CPUs have even shares in the end, wherever they began', () => {
  const machine = buildMachine(lopsided);
  const guests = Array.from({ length: 2 * machine.cpuCount }, (_, i) => guest(workload('compute'), { name: `g${i}`, weight: 100 }));
  const { guests: ends } = run(scenario({ machine, guests, policy: policyOf('cfs'), durationNs: seconds(10), checks: 'cheap' }));
  const shares = ends.map(({ throughput }) => throughput.value);
  expect(Math.max(...shares) / Math.min(...shares)).toBeLessThan(1.3); // 17 % between groups, and less than a second to get there
});
