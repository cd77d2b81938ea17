import type { Check } from '../../experiments/contract/contract.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { machines } from '../../machines/index.ts';
import { run } from '../../sim/engine.ts';
import { defaultOptions } from '../../sim/options.ts';
import { compose, FLOATING, type Placement, type Policy, type PolicyEntry } from '../../sim/policy-api.ts';
import { below, namedStream, type Random } from '../../sim/random.ts';
import type { Recording } from '../../sim/recording.ts';
import type { CpuId, NodeId } from '../../sim/units.ts';
import { workloads } from '../../workloads/index.ts';

type Words = Readonly<Record<string, string>>;
type Change = (policy: Policy) => Policy;

/** Of lopsided, with 3, 1 and 2 CPUs. */
const CPUS = [0, 1, 2, 3, 4, 5] as CpuId[];
const NODES = [0, 1, 2] as NodeId[];
const GUESTS = 5;
const VCPUS = 3;
const SHARE_ERROR = 0.01;

/**
 * Each vCPU held on CPUs of its own, drawn, in place of what the policy's placement says. Where it runs is seen by the hook that tells
 * of it and held against what was drawn here, not against what the core believes.
 */
export function handMadeMasks(entry: PolicyEntry, seed: string, draws: number): Check {
  let runs = 0;
  const ill: string[] = [];
  for (let i = 0; i < draws; i++) {
    const random = namedStream(seed, 'contract', i, 'masks');
    const masks = Array.from({ length: GUESTS * VCPUS }, () => drawMask(random));
    const words = { machine: 'lopsided', workload: 'think:think=1ms,service=2ms', guests: String(GUESTS), vcpus: String(VCPUS) };
    const { status, message } = runOf(
      entry,
      { ...words, duration: '1s', 'host-noise': '1', ties: 'seeded', seed: String(i + 1) },
      (policy) => {
        const place = (_: unknown, guest: number): Placement => ({
          ...FLOATING,
          hardCpus: masks.slice(guest * VCPUS, (guest + 1) * VCPUS),
          memoryNodes: NODES,
        });
        const cpu: Policy['cpu'] = {
          ...policy.cpu,
          running(k, vcpu, at) {
            runs++;
            const mask = masks[vcpu]; // none of the threads of the host
            if (mask && !mask.includes(at)) ill.push(`draw ${i}: vCPU ${vcpu} on CPU ${at}, want one of ${mask.join(', ')}`);
            policy.cpu.running?.(k, vcpu, at);
          },
        };
        return compose(policy.name, policy, { placement: { name: 'by hand', place }, cpu });
      },
    );
    if (status !== 'ok') ill.push(`draw ${i}: ${status}: ${message ?? ''}`);
  }
  const isKept = ill.length === 0 && runs > draws * GUESTS * VCPUS;
  return { name: 'hard masks set by hand', outcome: isKept ? 'pass' : 'fail', detail: ill[0] ?? `${runs} runs, ${draws} sets of masks` };
}

/** Loads around what the six CPUs can bear, where waiting and idling come in turn; the same for every policy. */
export function drawnLoads(entry: PolicyEntry, seed: string, draws: number): Check {
  const shares: number[] = [];
  const words: string[] = [];
  for (let i = 0; i < draws; i++) {
    const random = namedStream(seed, 'contract', i, 'loads');
    const workload = `think:think=${1 + below(random, 9)}ms,service=${1 + below(random, 9)}ms`;
    const drawn = { workload, guests: String(2 + below(random, 5)), vcpus: String(1 + below(random, 4)), seed: String(i + 1) };
    const { status, message, idleWhileRunnableNs, idleNs, busyNs } = runOf(entry, { ...drawn, machine: 'lopsided', duration: '1s' });
    if (status !== 'ok')
      return { name: 'work conserving, drawn loads', outcome: 'fail', detail: `${JSON.stringify(drawn)}: ${message ?? status}` };
    shares.push(idleWhileRunnableNs! / (idleNs + busyNs));
    words.push(JSON.stringify(drawn));
  }
  const most = Math.max(...shares);
  const mean = shares.reduce((sum, share) => sum + share, 0) / draws;
  const outcome = entry.claims?.workConserving ? (most === 0 ? 'pass' : 'fail') : 'not claimed';
  const where = outcome === 'fail' ? `, ${words[shares.indexOf(most)]!}` : '';
  const detail = `CPUs idled while a vCPU waited for ${percent(mean)} of their time, ${percent(most)} at most${where}`;
  return { name: 'work conserving, drawn loads', outcome, detail };
}

/** Weights in unlike orders and numbers, by the shares of guests of one vCPU each on the one CPU of node 1. */
export function drawnWeights(entry: PolicyEntry, seed: string, draws: number): Check {
  const name = 'shares as weights, drawn';
  let most = 0;
  let at = '';
  for (let i = 0; i < draws; i++) {
    const random = namedStream(seed, 'contract', i, 'weights');
    const weights = Array.from({ length: 2 + below(random, 3) }, () => 50 + below(random, 950));
    const words = { machine: 'lopsided', workload: 'compute', duration: '10s', ties: 'seeded', seed: String(i + 1) };
    const placement = { name: 'node 1', place: (): Placement => ({ ...FLOATING, hardNodes: [1 as NodeId], memoryNodes: NODES }) };
    const drawn = { ...words, guests: String(weights.length), checks: 'cheap' };
    const recording = runOf(entry, drawn, (policy) => compose(policy.name, policy, { placement }), weights);
    if (recording.status !== 'ok')
      return { name, outcome: 'fail', detail: `${weights.join(', ')}: ${recording.message ?? recording.status}` };
    const allNs = recording.guests.reduce((sum, { userNs }) => sum + userNs, 0);
    const allWeights = weights.reduce((sum, weight) => sum + weight, 0);
    recording.guests.forEach(({ userNs }, guest) => {
      const error = Math.abs(userNs / allNs - weights[guest]! / allWeights);
      if (error > most) [most, at] = [error, weights.join(', ')];
    });
  }
  const outcome = entry.claims?.weights ? (most <= SHARE_ERROR ? 'pass' : 'fail') : 'not claimed';
  return { name, outcome, detail: `off by ${percent(most)} of the CPU at most, weights ${at} on one CPU of six` };
}

/** On `uniform` with 80 busy vCPUs on 48 CPUs, against the same policy without its placement: for those whose base has no name. */
export function unplaced(entry: PolicyEntry): Check {
  const words = { machine: 'uniform', workload: 'stream', guests: '40', vcpus: '2', duration: '5s', checks: 'cheap' };
  const placed = runOf(entry, words);
  const free = runOf(entry, words, ({ placement: _, ...policy }) => policy);
  const allowed = SHARE_ERROR + migrationShare(placed) + migrationShare(free);
  const difference = placed.total.throughput.value / free.total.throughput.value - 1;
  return {
    name: 'equals itself unplaced where there is no NUMA',
    outcome: Math.abs(difference) <= allowed ? 'pass' : 'fail',
    detail: `${percent(difference)} of its work, ${percent(allowed)} allowed for migrations and chance`,
  };
}

function runOf(entry: PolicyEntry, words: Words, change: Change = (policy) => policy, weights?: readonly number[]): Recording {
  const changed = { ...entry, make: (values: Parameters<PolicyEntry['make']>[0]) => change(entry.make(values)) };
  const flags = { boot: '0', 'host-noise': '0', memory: '512MiB', contention: 'max-min', checks: 'all', ...words, policy: entry.name };
  const scenario = readScenario({ flags }, { machines, policies: [changed], workloads });
  const guests = weights ? scenario.guests.map((guest, i) => ({ ...guest, weight: weights[i]! })) : scenario.guests;
  return run({ ...scenario, guests, policyOptions: defaultOptions(entry.options) });
}

function drawMask(random: Random): CpuId[] {
  const mask = CPUS.filter(() => random() < 0.4);
  return mask.length > 0 ? mask : [CPUS[below(random, CPUS.length)]!];
}

function migrationShare({ total: { causes, lifetimeNs } }: Recording): number {
  return (causes.cacheCold + causes.contextSwitch) / lifetimeNs;
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(3)} %`;
}
