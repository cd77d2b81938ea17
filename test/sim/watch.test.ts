import { expect, test } from 'vitest';
import { readScenario } from '../../experiments/scenario-input.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { DSQ_LOCAL_ON, type Policy, type PolicyEntry } from '../../sim/policy-api.ts';
import { run } from '../../sim/engine.ts';
import { ms, type CpuId } from '../../sim/units.ts';
import { workloads } from '../../workloads/index.ts';
import { asEntry } from './scenario-fixture.ts';

const registries = { machines, policies, workloads };
const words = { machine: 'lopsided', workload: 'compute', 'host-noise': '0', boot: '0', memory: '1GiB', duration: '1s' };

/** Every vCPU shares CPU 0, whatever else is idle, in turns of 7 ms. */
const huddle: PolicyEntry = asEntry((): Policy => ({
  name: 'huddle',
  cpu: {
    name: 'huddle',
    selectCpu: () => 0 as CpuId,
    enqueue: (k, vcpu, flags) => k.dsqInsert(vcpu, DSQ_LOCAL_ON as never, ms(7), flags),
  },
  memory: policies[0]!.make({}).memory,
}));

function slices(sliceNs: number): Policy['cpu'] {
  return { name: 'slices', selectCpu: () => 0 as CpuId, enqueue: (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL_ON as never, sliceNs, 0) };
}

test('CPUs that idle while vCPUs take turns elsewhere are wasted, one for each vCPU that waits', () => {
  const recording = run({ ...readScenario({ flags: { ...words, guests: '3' } }, registries), policy: huddle });
  // two of three wait at any time, and there are more idle CPUs than that: 2 s, less what has not been seen yet at the first look
  expect(recording.wastedNs).toBeGreaterThanOrEqual(1.9e9);
  expect(recording.wastedNs).toBeLessThanOrEqual(2e9);
});

test('with full checks the waste is measured to the nanosecond', () => {
  const scenario = readScenario({ flags: { ...words, guests: '3', checks: 'all' } }, registries);
  expect(run({ ...scenario, policy: huddle }).idleWhileRunnableNs).toBe(2e9); // two of three wait all the time
  expect(run({ ...scenario, policy: huddle, guests: scenario.guests.slice(1) }).idleWhileRunnableNs).toBe(1e9);
  expect(run({ ...scenario, policy: huddle, checks: 'cheap' }).idleWhileRunnableNs).toBeNull();
});

test('the watchdog bites after as long as it is told: at its first look (every 20 ms) from then on', () => {
  const forgetful = { ...huddle, make: (): Policy => ({ ...huddle.make({}), cpu: slices(Infinity) }) };
  const scenario = readScenario({ flags: { ...words, guests: '2', watchdog: '130ms' } }, registries);
  const { status, exit } = run({ ...scenario, policy: forgetful });
  expect(status).toBe('policy-error');
  expect(exit).toMatchObject({ kind: 'stall', hook: 'watchdog', atNs: ms(140), vcpu: 1 });
});

test('slices of a nanosecond end the run, which else would never end', () => {
  const crawling = { ...huddle, make: (): Policy => ({ ...huddle.make({}), cpu: slices(1) }) };
  const { exit } = run({ ...readScenario({ flags: { ...words, guests: '2' } }, registries), policy: crawling });
  expect(exit).toMatchObject({ kind: 'loop', message: 'PolicyError: 262144 instants in less than 1 ms' });
});

test('no CPU is wasted that idles alone', () => {
  expect(run({ ...readScenario({ flags: { ...words, guests: '1' } }, registries), policy: huddle }).wastedNs).toBe(0);
});

test('xen-numa-on leaves no CPU of a node idle while another guest of the node waits, even if all wake at one instant', () => {
  const flags = { policy: 'xen-numa-on', workload: 'compute', guests: '20', vcpus: '2', boot: '0', 'host-noise': '0', duration: '1s' };
  const { total, wastedNs } = run(readScenario({ flags }, registries));
  expect(total.throughput.value).toBeGreaterThan(40 * 1.7 * 0.99); // 40 vCPUs of 1.7 GHz on 48 CPUs
  expect(wastedNs).toBe(0);
});

test('jobs count when they are done: an overloaded CPU does not do more than it can', () => {
  const flags = {
    policy: 'kvm-numactl',
    workload: 'queue:rate=200,service=10ms',
    boot: '0',
    'host-noise': '0',
    duration: '20s',
    seed: '3',
  };
  const { total } = run(readScenario({ flags }, registries));
  expect(total.throughput.value).toBeCloseTo(total.completions / 20, 9);
  expect(total.throughput.value).toBeLessThan(110); // 100 jobs of 10 ms a second, and chance
});
