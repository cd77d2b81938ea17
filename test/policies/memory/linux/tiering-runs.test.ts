import { expect, test } from 'vitest';
import { contractOf } from '../../../../experiments/contract/contract.ts';
import { readScenario } from '../../../../experiments/scenario-input.ts';
import { xeonDramPmem } from '../../../../machines/xeon-dram-pmem-2s.ts';
import { policies, policyNamed } from '../../../../policies/index.ts';
import { run } from '../../../../sim/engine.ts';
import type { MachineSpec } from '../../../../sim/machine-spec.ts';
import type { Recording } from '../../../../sim/recording.ts';
import { workloads } from '../../../../workloads/index.ts';

/** As the preset, with so little memory that a run is short. */
const small: MachineSpec = { ...xeonDramPmem, name: 'small', memoryGiB: { value: [1, 1.25, 5, 4], source: 'assumed' } };

/** Two threads on node 0 that draw on 1 GiB each; node 0 has 1 GiB, and half of what they touch is on node 2. An eighth is hot. */
function hotSet(policy: string, words: object = {}): Recording {
  const guest = { name: 'g', kind: 'bare', vcpus: 2, cpus: '0-1', memory: '3GiB', workload: 'hot-set:size=1GiB' };
  const setting = { machine: 'small', policy, boot: 0, 'host-noise': 0, block: '64KiB', duration: '20s', guests: [guest], ...words };
  const text = JSON.stringify(setting, (_, value: unknown) => (typeof value === 'number' ? String(value) : value));
  return run(readScenario({ flags: {}, file: { name: 'hot-set', text } }, { machines: [small], policies, workloads }));
}

/** Share of the lines that come from slow memory of the own socket. */
const slowShare = ({ total: { accessesByHop: hops } }: Recording): number =>
  hops.sameSocket / (hops.local + hops.sameSocket + hops.oneHop + hops.twoHop);

// A block of 64 KiB is touched some 4000 times a second if it is hot, and 60 times if it is not: in 2 ms, or in 16.
const HOT = 'tiering:hot-threshold=2ms,auto-threshold=off';

test('a hot set that lay half on slow memory comes up, and the rate limit makes it wait', { timeout: 120_000 }, () => {
  const base = hotSet('kvm-eevdf');
  const hot = hotSet(HOT);
  const limited = hotSet(`${HOT},rate-limit=2MB/s`);
  console.log([base, hot, limited].map((r) => [r.message, slowShare(r), r.total.throughput.value, r.total.pageMoves, r.total.hintFaults, r.guests[0]!.blocksByNode.join(), r.total.elapsedNs / 1e9])); // prettier-ignore
  expect(slowShare(base)).toBeGreaterThan(0.4);
});
