import { describe, expect, test } from 'vitest';
import { readScenario } from '../../experiments/scenario-input.ts';
import { machines } from '../../machines/index.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { workloads } from '../../workloads/index.ts';

// The lopsided machine has CPUs 0-2 on node 0, 3 on node 1, 4-5 on node 2; 5, 3 and 7 GiB; SLIT rows 10 13 27 / 14 10 19 / 24 18 10.
const registries = { machines: [lopsided, ...machines.filter(({ name }) => name !== 'lopsided')], policies, workloads };

function scenarioOf(guests: string, policy = 'as-configured'): Scenario {
  const text = `
machine: lopsided
policy: ${policy}
workload: hot-set:size=100MiB
duration: 1s
host-noise: 0
block: 2MiB
guests:
${guests}`;
  return readScenario({ flags: {}, file: { name: 'x.yaml', text } }, registries);
}

const ran = (guests: string, policy?: string): Recording => run({ ...scenarioOf(guests, policy), checks: 'all' });

function refusal(guests: string, policy?: string): string {
  try {
    scenarioOf(guests, policy);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

/** MiB of each node. */
const mib = (recording: Recording, guest = 0): number[] => [...recording.guests[guest]!.blocksByNode].map((blocks) => blocks * 2);

describe('the words of a configuration', () => {
  test('become what a policy is told, as long as the guest has vCPUs and virtual nodes', () => {
    const words = `vcpus: 3, memory: 2GiB, vnodes: 2, pins: "0=0-2; 2=4,5", soft-pins: 1=3, membind: "interleave:0,2", vnode-membind: 1=strict:1, prealloc: 1`;
    expect(scenarioOf(`  - {name: a, ${words}}`, 'kvm-unpinned').guests[0]!.configured).toEqual({
      pins: [[0, 1, 2], null, [4, 5]],
      softPins: [null, [3], null],
      memory: { mode: 'interleave', nodes: [0, 2] },
      vnodeMemory: [null, { mode: 'strict', nodes: [1] }],
      preallocated: [false, true],
    });
    expect(scenarioOf('  - {name: a}').guests[0]!.configured).toBeUndefined();
  });

  test.each([
    ['pins: "0-3"', 'guests[0].pins = 0-3, want CPUs by vCPU such as 0=0-3; 1,2=4,6'],
    ['pins: "0=1; 0=2"', 'guests[0].pins = 0=1; 0=2, want CPUs by vCPU such as 0=0-3; 1,2=4,6, each once: 0 is there twice'],
    ['pins: "2=1"', 'guests: a has pins of vCPU 2, want 0 to 1'],
    ['pins: "0=6"', 'guests: a has pins with CPU 6, want 0 to 5, those of lopsided'],
    ['cap: 50', 'guests: a has a cap, which as-configured does not enforce, want as-configured-xen, which does'],
    ['soft-pins: 0=1', 'guests: a has soft-pins, which as-configured cannot heed, as Linux has none; want as-configured-xen'],
    ['membind: strickt:0', 'did you mean strict?'],
    ['membind: strict', 'guests[0].membind = strict, want none, or a mode and its nodes such as strict:0-1'],
    ['membind: default:0', 'guests[0].membind = default:0, want none'],
    ['membind: strict:3', 'guests: a has memory bound to node 3, want 0 to 2, those of lopsided'],
    ['vnode-membind: 1=strict:0', 'guests: a has vnode-membind of virtual node 1, want 0 to 0'],
    ['prealloc: 1', 'guests: a has prealloc of virtual node 1, want 0 to 0'],
    ['prealloc: yes', 'guests[0].prealloc = yes, want on, off, or virtual nodes such as 0,2'],
    ['vnodes: 2, vnuma-host: keep, membind: strict:0', 'guests: a has both vnuma-host and pins'],
  ])('%s is refused', (words, message) => {
    expect(refusal(`  - {name: a, vcpus: 2, memory: 1GiB, ${words}}`)).toContain(message);
  });
});

describe('as-configured', () => {
  test('holds each vCPU where its guest says, and lets the others float', () => {
    // hot-set keeps all vCPUs busy: vCPU 0 on CPU 5 of node 2, vCPU 1 on CPU 3 of node 1, so that no CPU of node 0 fetches a line
    const fetched = (guests: string): boolean[] => {
      const { linesByPair } = ran(guests);
      return [0, 1, 2].map((node) => linesByPair.slice(3 * node, 3 * node + 3).some((lines) => lines > 0));
    };
    expect(fetched('  - {name: a, vcpus: 2, memory: 1GiB, boot: 0, pins: "0=5; 1=3"}')).toEqual([false, true, true]);
    expect(fetched('  - {name: a, vcpus: 2, memory: 1GiB, boot: 0, pins: 0=3}')[1]).toBe(true);
  });

  test('backs memory where its guest says: strict on the nearest of its nodes, and nowhere else', () => {
    // CPU 3 is on node 1; of nodes 0 and 2 node 0 is nearer to it (14 against 19)
    expect(mib(ran('  - {name: a, memory: 1GiB, boot: 0, pins: 0=3, membind: "strict:0,2"}'))).toEqual([100, 0, 0]);
  });

  test('a guest that is bound to less than it needs is out of memory, and one that prefers it goes on elsewhere', () => {
    // node 1 has 3 GiB; boot touches all of 4 GiB
    const words = 'memory: 4GiB, boot: 1, pins: 0=0';
    expect(ran(`  - {name: a, ${words}, membind: strict:1}`).guests[0]!.status).toBe('out-of-memory');
    const spilled = mib(ran(`  - {name: a, ${words}, membind: preferred:1}`));
    expect(spilled).toEqual([1024, 3072, 0]); // the rest on the nearest to node 1: node 0 at 14
  });

  test('interleaves block by block', () => {
    const [zero, one, two] = mib(ran('  - {name: a, memory: 1GiB, boot: 0, membind: "interleave:0,2"}'));
    expect([zero! + two!, one]).toEqual([100, 0]);
    expect(Math.abs(zero! - two!)).toBeLessThanOrEqual(2);
  });

  test('backs what is preallocated before the guest runs: where it is bound, or where the main thread begins', () => {
    const words = 'vcpus: 2, memory: 1GiB, boot: 0, vnuma: "0:768MiB/1:256MiB", vnode-membind: 0=strict:2';
    // all of both: 768 MiB bound to node 2, 256 MiB where the main thread begins, which vCPU 0 holds on node 1
    expect(mib(ran(`  - {name: a, ${words}, prealloc: on, pins: 0=3}`))).toEqual([0, 256, 768]);
    // of virtual node 1 nothing is touched but what its tasks do
    const [zero, one, two] = mib(ran(`  - {name: a, ${words}, prealloc: 0, pins: 0=3; 1=3}`));
    expect([zero, two]).toEqual([0, 768]);
    expect(one).toBeLessThan(256);
  });

  test('main threads of guests that float begin on nodes in turn, by their CPUs', () => {
    const text = ['a', 'b', 'c', 'd'].map((name) => `  - {name: ${name}, memory: 512MiB, boot: 0, prealloc: on}`).join('\n');
    const recording = ran(text);
    // 0 of 3, 0 of 1 and 0 of 2: node 0; 1/3, 0, 0: node 1; 1/3, 1, 0: node 2; 1/3, 1, 1/2: node 0
    expect([0, 1, 2, 3].map((guest) => mib(recording, guest).indexOf(512))).toEqual([0, 1, 2, 0]);
  });

  test('a policy with rules of its own is not moved by what guests say', () => {
    const plain = ran('  - {name: a, vcpus: 2, memory: 1GiB}', 'kvm-numactl');
    const told = ran('  - {name: a, vcpus: 2, memory: 1GiB, pins: "0=5; 1=3", membind: strict:2, prealloc: on}', 'kvm-numactl');
    expect(mib(told)).toEqual(mib(plain));
    expect(told.guests[0]).toEqual(plain.guests[0]);
  });
});

describe('as-configured-xen', () => {
  test('builds each virtual node where it is bound, and the rest on the nodes of hard and soft affinity', () => {
    const words = 'kind: xen-hvm, vcpus: 2, memory: 3GiB, vnuma: "0:1GiB/1:2GiB", vnode-membind: 1=strict:2';
    // vCPUs should use CPU 3 of CPUs 0-3: node 1
    expect(mib(ran(`  - {name: a, ${words}, pins: "0,1=0-3", soft-pins: "0,1=3"}`, 'as-configured-xen'))).toEqual([0, 1024, 2048]);
    expect(mib(ran(`  - {name: a, ${words}, pins: "0,1=0-2", soft-pins: "0,1=3"}`, 'as-configured-xen'))).toEqual([1024, 0, 2048]); // nothing in common: hard alone
  });

  test('places a guest that says nothing as xl does', () => {
    const guests = '  - {name: a, kind: xen-hvm, vcpus: 2, memory: 1GiB}';
    expect(mib(ran(guests, 'as-configured-xen'))).toEqual(mib(ran(guests, 'xl-credit2')));
  });
});
