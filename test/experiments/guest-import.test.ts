import { describe, expect, test } from 'vitest';
import { type GuestImport, guestScenario, importGuests } from '../../experiments/guest-import.ts';
import { guestWords } from '../../experiments/guest-words.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import type { GuestDescription } from '../../formats/guest-description.ts';
import { readQemu } from '../../formats/qemu/qemu.ts';
import { machines } from '../../machines/index.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { workloads } from '../../workloads/index.ts';

// The lopsided machine has CPUs 0-2 on node 0, 3 on node 1, 4-5 on node 2; 5, 3 and 7 GiB. Here its system calls them otherwise.
const host: MachineSpec = { ...lopsided, name: 'host', nodeIds: [0, 4, 7], cpuIds: [0, 8, 16, 3, 5, 21] };
const registries = { machines: [...machines, host], policies, workloads };
const GiB = 1024 ** 3;

function imported(...texts: string[]): GuestImport[] {
  const taken = new Set<string>();
  return texts.flatMap((text, i) => importGuests({ name: `${i}.sh`, text }, null, host, taken));
}

function scenarioOf(...texts: string[]): Scenario {
  return readScenario({ flags: {}, file: { name: 'x.yaml', text: guestScenario(imported(...texts), 'host') } }, registries);
}

/** With work that needs memory in place of that of the file. */
function ran(...texts: string[]): Recording {
  const file = { name: 'x.yaml', text: guestScenario(imported(...texts), 'host') };
  const flags = { workload: 'hot-set:size=100MiB', duration: '1s', 'host-noise': '0', checks: 'all' };
  return run(readScenario({ flags, file }, registries));
}
const mib = (recording: Recording, guest = 0): number[] => [...recording.guests[guest]!.blocksByNode].map((blocks) => blocks * 2);
const wordsOf = (text: string): Record<string, string> => Object.fromEntries(imported(text)[0]!.words);

test("the host's own ids become the simulator's, and the words are those of a scenario file", () => {
  const text = `taskset -c 3,5,21 qemu-kvm -name Web -smp 4,sockets=2,dies=2,cores=1 -m 3G \\
    -object memory-backend-ram,id=a,size=1G,host-nodes=7,policy=bind,prealloc=on -object memory-backend-ram,id=b,size=2G,host-nodes=0,host-nodes=4,policy=interleave \\
    -numa node,memdev=a,cpus=0,cpus=2 -numa node,memdev=b,cpus=1,cpus=3 -numa dist,src=0,dst=1,val=17`;
  expect(wordsOf(text)).toEqual({
    kind: 'kvm',
    vcpus: '4',
    memory: '3GiB',
    vnuma: '0,2:1GiB/1,3:2GiB',
    vdistances: '10,17/17,10',
    vtopology: 'sockets=4,cores=1,threads=1',
    pins: '0-3=3-5',
    'vnode-membind': '0=strict:2; 1=interleave:0-1',
    prealloc: '0',
  });
  const [guest] = scenarioOf(text).guests;
  expect([guest!.name, guest!.configured!.pins[3], guest!.configured!.vnodeMemory[1]]).toEqual(['web', [3, 4, 5], { mode: 'interleave', nodes: [0, 1] }]); // prettier-ignore
});

test("numbers that are others than those of the file are told by the host's ids too", () => {
  const numa = '-smp 2 -m 3G -object memory-backend-ram,id=a,size=3G,host-nodes=7,policy=bind -numa node,memdev=a';
  expect(imported(`taskset -c 3,5,21 qemu-kvm ${numa}`)[0]!.remarks).toEqual([
    "pins by the host's ids: 0-1=3,5,21",
    "vnode-membind by the host's ids: 0=strict:7",
  ]);
  expect(imported('taskset -c 0 qemu-kvm -smp 2 -m 3G')[0]!.remarks).toEqual([]); // CPU 0 is 0
});

describe('a written scenario runs, and what the files say holds:', () => {
  test('vCPUs on their CPUs, memory on its nodes', () => {
    // held on CPUs 3 and 21 of the host: CPU 3 of node 1 and CPU 5 of node 2; bound: 1 GiB to host node 7 at once, 2 GiB to 0 at touch
    const text = `taskset -c 3,21 qemu-kvm -smp 2 -m 3G \\
      -object memory-backend-ram,id=a,size=1G,host-nodes=7,policy=bind,prealloc=on -object memory-backend-ram,id=b,size=2G,host-nodes=0,policy=bind \\
      -numa node,memdev=a,cpus=0 -numa node,memdev=b,cpus=1`;
    const recording = ran(text);
    const [zero, one, two] = mib(recording);
    expect([one, two]).toEqual([0, 1024]);
    expect(zero).toBeGreaterThan(0); // what boot touches of the 2 GiB
    expect(zero).toBeLessThanOrEqual(2048);
    const { linesByPair } = recording;
    expect([0, 1, 2].map((node) => linesByPair.slice(3 * node, 3 * node + 3).some((lines) => lines > 0))).toEqual([false, true, true]);
  });

  test('a numactl before the program holds and binds all of it', () => {
    const recording = ran('numactl --cpunodebind=4 --membind=7 qemu-kvm -smp 2 -m 2G -mem-prealloc');
    expect(mib(recording)).toEqual([0, 0, 2048]);
    const lines = [...recording.linesByPair].map((count) => count > 0); // CPUs of node 1 from memory of node 2 alone
    expect(lines).toEqual([false, false, false, false, false, true, false, false, false]);
  });

  test('numactl --interleave=all is over all nodes of the machine that have memory', () => {
    expect(mib(ran('numactl -i all qemu-kvm -m 3G -mem-prealloc'))).toEqual([1024, 1024, 1024]);
  });

  test('several files are several guests of one host, of equal names one gets a number', () => {
    const texts = ['taskset -c 0 qemu-kvm -name db -m 1G', 'taskset -c 8 qemu-kvm -name db -m 1G'];
    expect(scenarioOf(...texts).guests.map(({ name, configured }) => [name, configured!.pins])).toEqual([['db', [[0]]], ['db-2', [[1]]]]); // prettier-ignore
  });

  test('a guest of Xen is built where its file says, on the nodes of its CPUs otherwise, and has no more CPU time than its cap', () => {
    // CPUs 3 and 5 of the host: nodes 1 and 2; rather 3: node 1
    const flat = ran('name = "db"\nbuilder = "hvm"\nvcpus = 2\nmemory = 1024\ncpus = "3,5"\ncpus_soft = "3"\ncap = 50\n');
    expect([flat.status, mib(flat)]).toEqual(['ok', [0, 1024, 0]]);
    const [guest] = flat.guests;
    expect((guest!.userNs + guest!.sysNs) / guest!.elapsedNs).toBeLessThan(0.55); // two busy vCPUs would have 2
    const vnuma =
      'vnuma = [ [ "pnode=7", "size=1024", "vcpus=0", "vdistances=10,20" ], [ "pnode=0", "size=512", "vcpus=1", "vdistances=20,10" ] ]';
    expect(mib(ran(`name = "db"\nbuilder = "hvm"\nvcpus = 2\nmemory = 1536\n${vnuma}\n`))).toEqual([512, 0, 1024]);
  });

  test('a domain of libvirt has its pins and its memory tuned', () => {
    const recording = ran(`<domain type='kvm'><name>web</name><memory unit='GiB'>2</memory><vcpu>2</vcpu>
      <cputune><vcpupin vcpu='0' cpuset='21'/><vcpupin vcpu='1' cpuset='5'/></cputune>
      <numatune><memory mode='strict' nodeset='4'/></numatune></domain>`);
    const lines = [...recording.linesByPair].map((count) => count > 0); // CPUs of node 2 from memory of node 1 alone
    expect(lines).toEqual([false, false, false, false, false, false, false, true, false]);
    expect([mib(recording)[0], mib(recording)[2]]).toEqual([0, 0]);
  });

  test('a virtual node without vCPUs has its memory, and is used', () => {
    const text =
      'qemu-kvm -smp 2 -m 3G -object memory-backend-ram,id=a,size=1G -object memory-backend-ram,id=b,size=2G,host-nodes=4,policy=bind,prealloc=on -numa node,memdev=a,cpus=0-1 -numa node,memdev=b';
    expect(wordsOf(text).vnuma).toBe('0-1:1GiB/-:2GiB');
    expect(mib(ran(text))[1]).toBe(2048);
  });
});

describe('what the machine or the model does not have is refused', () => {
  test.each([
    ['taskset -c 0-2 qemu-kvm -m 1G', '0.sh: pin of vCPU 0: CPU 1, want one that host has: 0,3,5,8,16,21'],
    ['numactl -N 1 qemu-kvm -m 1G', '0.sh: pin of vCPU 0: node 1, want one that host has: 0,4,7'],
    ['numactl -m 2 qemu-kvm -m 1G', '0.sh: memory: node 2, want one that host has: 0,4,7'],
    ['qemu-kvm -m 1G -smp 2 -numa node,mem=1G,cpus=0 -numa node,mem=0,cpus=1', '0.sh: virtual node 1: no memory'],
    ['qemu-kvm -m $M', '0.sh: line 1, column 13: $M'],
    ['hello', '0.sh: of no format that is known, want one of libvirt'],
  ])('%s', (text, message) => {
    expect(() => imported(text)).toThrow(message);
  });

  test('guests of Xen beside guests of KVM', () => {
    const [one] = imported('qemu-kvm -m 1G');
    const other = { ...one!, file: 'x.cfg', description: { ...one!.description, kind: 'xen-hvm' as const } };
    expect(() => guestScenario([one!, other], 'host')).toThrow('x.cfg is a guest of Xen and 0.sh one of KVM, want those of one host');
    expect(guestScenario([other], 'host')).toContain('policy: as-configured-xen');
  });

  test('memory that is in no whole pages; what is in whole ones makes the block', () => {
    expect(() => guestScenario(imported('qemu-kvm -m 134217729b'), 'host')).toThrow(
      '0.sh: memory of 134217729 bytes, want a multiple of 4KiB',
    );
    expect(guestScenario(imported(`qemu-kvm -m ${129 * 1024 + 64}k`), 'host')).toContain('block: 64KiB');
    expect(guestScenario(imported('qemu-kvm -m 128M'), 'host')).not.toContain('block:');
  });
});

describe('choices of CPUs, soft pins, caps', () => {
  const plain = readQemu('-smp 3 -m 1G');
  const said = (change: Partial<GuestDescription>): Record<string, string> =>
    Object.fromEntries(guestWords({ ...plain, ...change }, host).words);

  test('by CPU, by node, and all but these', () => {
    const pins = [{ nodes: [7] }, { allBut: { cpus: [8, 3] } }, { allBut: { nodes: [0, 7] } }];
    expect(said({ pins }).pins).toBe('0=4-5; 1=0,2,4-5; 2=3');
    expect(said({ pins: [null, { cpus: [21, 0] }, { cpus: [0, 21] }] }).pins).toBe('1-2=0,5');
    expect(() => said({ pins: [{ allBut: { nodes: [0, 4, 7] } }] })).toThrow('pin of vCPU 0: no CPU of host');
  });

  test('soft pins and caps are words of Xen guests, and have none on Linux', () => {
    const change = { softPins: [null, { nodes: [4] }], capPercent: 150, weight: 300 };
    expect(said({ ...change, kind: 'xen-hvm' })).toMatchObject({ 'soft-pins': '1=3', cap: '150', weight: '300' });
    const { words, unsimulated } = guestWords({ ...plain, ...change }, host);
    expect([words.has('soft-pins'), words.has('cap'), words.get('weight')]).toEqual([false, false, '300']);
    expect(unsimulated).toEqual([
      'soft pins: Linux has none',
      'a cap of 150 %: as-configured, as all policies of Linux hosts, keeps none; as-configured-xen does',
    ]);
  });

  test('memory that no virtual node has is said as such', () => {
    const cells = [{ vcpus: [0, 1, 2], memoryBytes: GiB / 2, memory: null, isPreallocated: false }];
    expect(said({ cells }).vnuma).toBe('0-2:512MiB/none:512MiB');
  });
});
