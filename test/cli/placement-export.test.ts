import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lab as realLab } from '../../cli/lab.ts';
import type { GuestDescription } from '../../formats/guest-description.ts';
import { readLibvirt } from '../../formats/libvirt/libvirt.ts';
import { readQemu } from '../../formats/qemu/qemu.ts';
import { readXlConfig } from '../../formats/xl/config.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { session } from './session.ts';

const real = realLab('1.2.3');
/** Nodes of 3, 1 and 2 CPUs, which the system calls 4, 0 and 33, and their CPUs 8, 9, 0; 4; 5, 6. */
const named = { ...lopsided, name: 'named', nodeIds: [4, 0, 33], cpuIds: [8, 9, 0, 4, 5, 6] };
const lab = { ...real, machines: [...real.machines, named] };
const SMALL = 'placement export --machine named --memory 128MiB --boot 0 --duration 40ms --workload think:think=1ms,service=3ms --seed 5';
const exported = (more: string): ReturnType<typeof session> => session(`${SMALL} ${more}`.split(' '), lab);

/** What placements are about. */
const placement = ({ name, vcpus, memoryBytes, pins, softPins, cells, memory }: GuestDescription): object => ({
  name,
  vcpus,
  memoryBytes,
  pins,
  softPins,
  cells: cells.map((cell) => ({ vcpus: cell.vcpus, memoryBytes: cell.memoryBytes, memory: cell.memory })),
  memory,
});

describe('a guest that a policy holds on one node', () => {
  const MIB = 1024 ** 2;
  // kvm-numactl takes nodes in turn: the first here is called 4, with CPUs 0, 8 and 9, the second 0, with CPU 4.
  const vm2 = {
    name: 'vm2',
    vcpus: 2,
    memoryBytes: 128 * MIB,
    pins: [{ cpus: [4] }, { cpus: [4] }],
    softPins: [null, null],
    cells: [],
    memory: { mode: 'strict', nodes: [0] },
  };
  const two = (as: string): ReturnType<typeof session> => exported(`--policy kvm-numactl --guests 2 --vcpus 2 --as ${as} --guest vm2`);

  test('is held so by numactl', async () => {
    expect((await two('numactl')).out).toBe('# guest vm2\nnumactl --cpunodebind=0 --membind=0 PROGRAM\n');
    expect((await exported('--policy kvm-numactl --as numactl')).out).toBe('# guest vm1\nnumactl --cpunodebind=4 --membind=4 PROGRAM\n');
  });

  test('is read again from its libvirt XML', async () => {
    const { out, err, code } = await two('libvirt');
    expect([code, err]).toEqual([0, '']);
    expect(placement(readLibvirt(out))).toEqual(vm2);
  });

  test('is read again from its QEMU options', async () => {
    const guest = readQemu((await two('qemu')).out);
    expect(placement(guest)).toEqual(vm2);
    expect(guest.unsimulated).toEqual([]);
  });

  test('is read again from its xl.cfg lines, which leave memory to where its CPUs are and say so', async () => {
    const { out } = await two('xl');
    expect(placement(readXlConfig(out))).toEqual({ ...vm2, memory: null });
    expect(out).toContain('\n# not said below: memory strict on node 0; Xen goes by the nodes of cpus and cpus_soft\n');
  });
});

test('vCPUs that are pinned one by one, and memory that is interleaved, come back from libvirt and QEMU', async () => {
  const line = '--policy libvirt:vcpupin=yes,mode=interleave,nodeset=0+2 --guests 1 --vcpus 4';
  const libvirt = readLibvirt((await exported(`${line} --as libvirt`)).out);
  // the least used CPU of nodes 0 and 2 in the order of their numbers: 0, 1, 2 and 4, which are called 8, 9, 0 and 5
  expect(libvirt.pins).toEqual([{ cpus: [8] }, { cpus: [9] }, { cpus: [0] }, { cpus: [5] }]);
  expect(libvirt.memory).toEqual({ mode: 'interleave', nodes: [4, 33] });
  const { out } = await exported(`${line} --as qemu`);
  expect(readQemu(out).memory).toEqual({ mode: 'interleave', nodes: [4, 33] });
  expect(out).toContain('# taskset --cpu-list --pid 5 "$VCPU3_TID"\n');
});

test('virtual nodes that the host keeps come back with their memory and their CPUs', async () => {
  const line = '--policy kvm-unpinned --guests 1 --vcpus 2 --vnodes 2 --vnuma-host keep --vdistances 17';
  const guest = readLibvirt((await exported(`${line} --as libvirt`)).out);
  const { cells, distances, pins } = readQemu((await exported(`${line} --as qemu`)).out);
  expect(guest.pins).toEqual([{ cpus: [0, 8, 9] }, { cpus: [4] }]);
  expect(guest.cells.map(({ vcpus, memory }) => ({ vcpus, memory }))).toEqual([
    { vcpus: [0], memory: { mode: 'preferred', nodes: [4] } },
    { vcpus: [1], memory: { mode: 'preferred', nodes: [0] } },
  ]);
  expect([cells, distances]).toEqual([guest.cells, [[10, 17], [17, 10]]]); // prettier-ignore
  expect(pins).toEqual([null, null]); // apart: only once its threads are there
});

describe('what a tool has no word for', () => {
  test('is said to it, and no more is made of it', async () => {
    const { out } = await exported('--policy apart --guests 1 --vcpus 2');
    const [table, numactl, , libvirt, xl] = out.split(/^== .* ==$/m);
    expect(table).toMatch(/note: memory goes by the rule "round", meant for node 33, backed when the guest is built/);
    expect(numactl).toMatch(
      /# memory goes by the rule "round"[^]*# not said below, as Linux has no soft affinity[^]*\nPROGRAM {2}# nothing is held/,
    );
    expect(libvirt).toContain('<!-- not said below, as libvirt has no soft affinity: vCPU 0 on CPUs');
    expect(libvirt).not.toContain('numatune');
    expect(xl).toMatch(/\ncpus_soft = "5-6"\n/);
    expect(xl).not.toContain('the rule');
  });

  test('is that pages move, and that weights are interleaved by', async () => {
    expect((await exported('--policy autonuma --as libvirt')).out).toContain('<!-- memory is moved while the guest runs');
    const weighted = '--policy numactl:memory=weighted-interleave,nodes=0+1,cpunodebind=all';
    expect((await exported(`${weighted} --as numactl`)).out).toContain('--weighted-interleave=0,4 PROGRAM');
    expect((await exported(`${weighted} --as qemu`)).out).toContain('# memory is interleaved by weights');
  });
});

test('first touch on any CPU is nothing at all', async () => {
  const { out } = await exported('--policy kvm-cfs --vcpus 2 --as libvirt');
  expect(placement(readLibvirt(out))).toMatchObject({ pins: [null, null], softPins: [null, null], memory: null });
  expect(out).not.toContain('<!--');
});

test('the table tells where vCPUs ran and memory was, and that ids are those of the system', async () => {
  const { out } = await exported('--policy kvm-numactl --guests 2 --vcpus 1');
  expect(out).toContain("ids of nodes and CPUs are the operating system's\n");
  expect(out).toMatch(/^ +0 {2}node 4 \(CPU 0,8-9\) +- +the same +the same +node 4 100 %$/m);
  expect(out).toMatch(/^memory: bind on node 4; at the end /m);
  expect(out.match(/^== .* ==$/gm)).toEqual([
    '== numactl commands ==',
    '== QEMU options ==',
    '== libvirt domain XML, to be put into a domain that is there: its hugepages, memAccess, emulatorpin and iothreadpin are not said ==',
    '== xl.cfg lines ==',
  ]);
});

test('several domains are one well-formed XML text', async ({ skip }) => {
  const { out } = await exported('--policy kvm-numactl --guests 3 --as libvirt');
  expect(out.match(/<domain /g)).toHaveLength(3);
  if (spawnSync('xmllint', ['--version']).error) skip('xmllint is not installed');
  execFileSync('xmllint', ['--noout', '-'], { input: out });
});

test('--json tells the same, --out writes it to a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'placement-'));
  const path = join(folder, 'out.json');
  const { out, code } = await exported(`--policy kvm-numactl --guests 2 --json --as numactl --out ${path}`);
  const told = JSON.parse(readFileSync(path, 'utf8')) as { guests: unknown[] };
  rmSync(folder, { recursive: true });
  expect([code, out]).toEqual([0, '']);
  expect(told).toMatchObject({ schemaVersion: 1, policy: 'kvm-numactl', status: 'ok', at: 'start', ids: { ofOperatingSystem: true } });
  expect(told.guests[1]).toMatchObject({
    name: 'vm2',
    kind: 'kvm',
    memory: { binding: { mode: 'strict', nodes: [0] } },
    vcpus: [{ held: [4], rather: null, heldAtEnd: [4] }],
    commands: { numactl: '# guest vm2\nnumactl --cpunodebind=0 --membind=0 PROGRAM\n' },
  });
});

test.each([
  ['--as xls', '--as = xls, want one of numactl, qemu, libvirt, xl; did you mean xl?'],
  ['--at once', '--at = once, want one of start, end'],
  ['--guest vm9', '--guest = vm9, want one of vm1; did you mean vm1?'],
])('%s is refused before anything runs', async (flags, message) => {
  const { code, out, err, ran } = await session(`placement export ${flags}`.split(' '));
  expect({ code, out, err, ran: ran.length }).toEqual({ code: 2, out: '', err: `${message}\n`, ran: 0 });
});

test('a run that did not end well is told, with exit code 1', async () => {
  const line = 'placement export --machine named --policy kvm-numactl --workload kernbench --memory 256MiB --boot 0 --limit 1ms';
  const { code, err, out } = await session(line.split(' '), lab);
  expect([code, err]).toEqual([1, 'time-limit: not done after 0.001 s of simulated time\n']);
  expect(out).toContain('\ntime-limit: not done after 0.001 s of simulated time, 1 ms simulated\n');
});

describe('what was exported, imported and exported again under the policy that heeds it is the same', () => {
  const words = '--memory 128MiB --boot 0 --duration 40ms --workload think:think=1ms,service=3ms';
  test.each([
    ['libvirt', 'libvirt:vcpupin=yes,mode=interleave,nodeset=0+2', 'as-configured', ''],
    ['qemu', 'kvm-numactl', 'as-configured', ''],
    ['xl', 'xl-credit2', 'as-configured-xen', ' --kind xen-hvm'],
    ['xl', 'xl-credit2:hold=pinned', 'as-configured-xen', ' --kind xen-hvm'],
  ])('as %s under %s', async (as, policy, heeds, kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'placement-'));
    const [guest, file] = [join(folder, 'guest'), join(folder, 'host.yaml')];
    const again = (line: string): ReturnType<typeof session> => session(line.split(' '), lab);
    const line = `placement export --machine named --policy ${policy} --guests 2 --vcpus 2 ${words}${kind} --as ${as} --guest vm2`;
    const first = await again(line);
    await again(`${line} --out ${guest}`);
    const imported = await again(`guest import ${guest} --machine named --out ${file}`);
    const second = await again(
      `placement export --scenario ${file} --policy ${heeds} --duration 40ms --boot 0 --workload think --as ${as}`,
    );
    rmSync(folder, { recursive: true });
    expect([first.code, imported.code, second.code, second.err]).toEqual([0, 0, 0, '']);
    expect(second.out).toBe(first.out);
  });
});

describe('three guests that were exported together come in again from the one file, on the same CPUs', () => {
  test.each([
    ['libvirt', 'kvm-numactl', 'as-configured', ['0=0-2', '0=3', '0=4-5'], ''], // nodes in turn
    ['qemu', 'kvm-numactl', 'as-configured', ['0=0-2', '0=3', '0=4-5'], ''],
    // as libxl rates nodes
    ['xl', 'xen-numa-on', 'as-configured-xen', ['0=0-2', '0=0-2', '0=4-5'], ' --kind xen-hvm'],
  ])('as %s under %s', async (as, policy, heeds, pins, kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'placement-'));
    const [guests, file] = [join(folder, 'guests'), join(folder, 'host.yaml')];
    const words = '--memory 128MiB --boot 0 --duration 40ms --workload think:think=1ms,service=3ms';
    const line = `placement export --machine named --policy ${policy} --guests 3 --vcpus 1 ${words}${kind} --as ${as}`;
    const first = await session(line.split(' '), lab);
    writeFileSync(guests, first.out);
    const imported = await session(`guest import ${guests} --machine named --out ${file} --json`.split(' '), lab);
    const again = `placement export --scenario ${file} --policy ${heeds} --duration 40ms --boot 0 --workload think --as ${as}`;
    const second = await session(again.split(' '), lab);
    rmSync(folder, { recursive: true });
    expect([first.code, imported.err, second.err]).toEqual([0, '', '']);
    const told = JSON.parse(imported.out) as { guests: { name: string; words: Record<string, string> }[] };
    expect(told.guests.map(({ name }) => name)).toEqual(['vm1', 'vm2', 'vm3']);
    expect(told.guests.map(({ words: said }) => said.pins)).toEqual(pins);
    expect(second.out).toBe(first.out);
  });
});

test('virtual nodes that an xl.cfg puts on nodes of the host are there again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'placement-'));
  const [guest, file] = [join(folder, 'guest.cfg'), join(folder, 'host.yaml')];
  const text =
    'name="vn"\ntype="hvm"\nmemory=96\nvcpus=3\nvnuma=[["pnode=33","size=64","vcpus=0,2","vdistances=10,31"],["pnode=4","size=32","vcpus=1","vdistances=31,10"]]';
  writeFileSync(guest, text);
  const imported = await session(['guest', 'import', guest, '--machine', 'named', '--out', file], lab);
  const { code, out } = await session(['placement', 'export', '--scenario', file, '--duration', '40ms', '--boot', '0', '--as', 'xl'], lab);
  rmSync(folder, { recursive: true });
  expect([imported.code, code]).toEqual([0, 0]);
  const [before, after] = [readXlConfig(text), readXlConfig(out)];
  expect([placement(after), after.distances]).toEqual([{ ...placement(before), softPins: after.softPins }, before.distances]);
});
