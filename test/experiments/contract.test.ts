import { expect, test } from 'vitest';
import { type Check, contractOf } from '../../experiments/contract/contract.ts';
import { policyNamed } from '../../policies/index.ts';
import {
  DSQ_GLOBAL,
  DSQ_LOCAL_ON,
  FLOATING,
  type Kernel,
  KICK_IDLE,
  type PlacementPolicy,
  type Policy,
  type PolicyEntry,
} from '../../sim/policy-api.ts';
import { type CpuId, ms, type NodeId, type VcpuId } from '../../sim/units.ts';

const base = policyNamed('kvm-unpinned')!;
const outcomes = (checks: readonly Check[]): Record<string, string> =>
  Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]));

/** A policy of one hook. */
function queueing(claims: PolicyEntry['claims'], enqueue: (k: Kernel, vcpu: VcpuId) => void): PolicyEntry {
  const make = (): ReturnType<PolicyEntry['make']> => ({ name: 'test', cpu: { name: 'test', enqueue }, memory: base.make({}).memory });
  return { name: 'test', summary: '', source: 'for tests', oracle: false, options: [], make, ...(claims && { claims }) };
}

test('one queue for all keeps the contract and conserves work, and what it does not claim is told only', { timeout: 120_000 }, async () => {
  const checks = await contractOf(
    queueing({ workConserving: true }, (k, vcpu) => {
      k.dsqInsert(vcpu, DSQ_GLOBAL, ms(2), 0);
      for (let cpu = 0 as CpuId; cpu < k.cpuCount; cpu++) if (k.isIdle(cpu)) k.kick(cpu, KICK_IDLE); // else nobody tells them
    }),
  );
  expect(outcomes(checks)).toEqual({
    'legal moves only, inside hard masks': 'pass',
    deterministic: 'pass',
    'legal moves where a node has no CPUs': 'pass',
    'no vCPU starves': 'pass',
    'work conserving': 'pass',
    'shares as weights': 'not claimed',
    'runs where there is no NUMA': 'pass',
  });
});

test('false claims fail, with the figure that shows it', { timeout: 120_000 }, async () => {
  const claims = { workConserving: true, weights: true, numaBase: 'kvm-unpinned' };
  const checks = await contractOf(queueing(claims, (k, vcpu) => k.dsqInsert(vcpu, DSQ_LOCAL_ON as never, ms(2), 0)));
  expect(outcomes(checks)).toMatchObject({
    'legal moves only, inside hard masks': 'pass',
    'work conserving': 'fail', // all on CPU 0
    'shares as weights': 'fail', // 100, 200 and 500 take turns
    'equals kvm-unpinned where there is no NUMA': 'fail',
  });
  expect(checks.find(({ name }) => name === 'shares as weights')!.detail).toMatch(/had 33\.\d %, 33\.\d %, 33\.\d %/);
});

test('one that takes every node for one with CPUs fails', { timeout: 120_000 }, async () => {
  const placement: PlacementPolicy = {
    name: 'in turn',
    place: (k, guest) => ({ ...FLOATING, hardNodes: [(guest % k.nodeCount) as NodeId] }),
  };
  const entry = { ...base, make: (): Policy => ({ ...base.make({}), placement }) };
  expect(outcomes(await contractOf(entry))).toMatchObject({
    'legal moves only, inside hard masks': 'pass',
    'legal moves where a node has no CPUs': 'fail',
  });
});

test('starving, forgetting and remembering fail', { timeout: 120_000 }, async () => {
  const greedy = await contractOf(queueing(undefined, (k, vcpu) => k.dsqInsert(vcpu, DSQ_GLOBAL, Infinity, 0)));
  expect(outcomes(greedy)['no vCPU starves']).toBe('fail');
  let calls = 0;
  const leaky = await contractOf(queueing(undefined, (k, vcpu) => k.dsqInsert(vcpu, DSQ_GLOBAL, ms(1) + ++calls, 0)));
  expect(outcomes(leaky)).toMatchObject({ deterministic: 'fail', 'legal moves only, inside hard masks': 'pass' });
  const silent = await contractOf(queueing(undefined, () => {}));
  expect(outcomes(silent)).toMatchObject({
    deterministic: 'fail',
    'legal moves only, inside hard masks': 'fail',
    'no vCPU starves': 'fail',
  });
});
