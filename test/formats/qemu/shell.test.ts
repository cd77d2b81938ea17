import { describe, expect, test } from 'vitest';
import { readQemu, readQemuCommands } from '../../../formats/qemu/qemu.ts';
import { readVng } from '../../../formats/qemu/vng.ts';
import { refusal } from './refusal-fixture.ts';

/** Command lines as a shell has them: words, what stands before the program, several of them. */

const MiB = 1024 ** 2;

describe('what stands before the program', () => {
  const under = (prefix: string): [unknown, unknown] => {
    const { pins, memory } = readQemu(`${prefix} qemu-kvm -smp 2 -m 1G`);
    expect(pins[1]).toEqual(pins[0]);
    return [pins[0], memory];
  };
  test.each([
    ['taskset -c 0-2,7', { cpus: [0, 1, 2, 7] }, null],
    ['taskset 0x25', { cpus: [0, 2, 5] }, null],
    ['sudo -u qemu LC_ALL=C taskset --cpu-list=4', { cpus: [4] }, null],
    ['numactl --cpunodebind=1 --membind=0,2', { nodes: [1] }, { mode: 'strict', nodes: [0, 2] }],
    ['numactl -N1 -m 2', { nodes: [1] }, { mode: 'strict', nodes: [2] }],
    ['numactl -C 3-4 -i all --', { cpus: [3, 4] }, { mode: 'interleave', nodes: [] }],
    ['numactl --preferred 1', null, { mode: 'preferred', nodes: [1] }],
    ['numactl -l taskset -c 6', { cpus: [6] }, { mode: 'default', nodes: [] }],
  ])('%s', (prefix, pins, memory) => {
    expect(under(prefix)).toEqual([pins, memory]);
  });

  test.each([
    [
      'strace qemu-kvm -m 1G',
      'line 1, column 1: "strace", want a QEMU command line, with no more than taskset, numactl, sudo or env before it',
    ],
    ['numactl -N +0 qemu-kvm', 'line 1, column 12: numactl --cpunodebind = "+0", want nodes such as 0-1'],
    ['numactl -m', 'numactl "-m" without a list'],
    ['taskset -p 3 qemu-kvm', 'taskset "-p", want -c and CPUs, or a mask'],
  ])('%s is refused', (text, message) => {
    expect(refusal(text)).toContain(message);
  });

  test('of a start script is passed over where it changes nothing', () => {
    const text = '#!/bin/sh\nset -e\nexport LANG=C QEMU_AUDIO_DRV=none\nTMPDIR=/var/tmp\n\nqemu-kvm -name a -smp 2\nwait\n';
    expect(readQemu(text)).toMatchObject({ name: 'a', vcpus: 2, unsimulated: [], ignored: ['line 2: set', 'line 3: export', 'line 4: TMPDIR=', 'line 7: wait'] }); // prettier-ignore
  });

  test.each([
    ['nice', 10],
    ['nice -n 5', 5],
    ['nice -n -5', -5],
    ['nice -7', 7],
    ['nice --7', -7],
    ['nice --adjustment=3', 3],
    ['nice -n0', 0],
  ])('%s changes a weight unless by nothing, and what follows it holds', (nice, by) => {
    const { pins, unsimulated, ignored } = readQemu(`${nice} taskset -c 3 qemu-kvm`);
    expect([pins, unsimulated, ignored]).toEqual([
      [{ cpus: [3] }],
      by === 0 ? [] : [`line 1: nice ${by}: a weight that is not the usual`],
      by === 0 ? ['line 1: nice 0'] : [],
    ]);
    expect(readVng(`${nice} taskset -c 3 vng --cpus 1`)).toMatchObject({ pins, unsimulated, ignored });
    expect(refusal('nice -n x qemu-kvm')).toContain('line 1, column 9: nice "x", want a whole number');
  });

  test('of scheduling is told, and pins behind it hold', () => {
    expect(readQemu('chrt -f 5 taskset -c 3 qemu-kvm')).toMatchObject({ pins: [{ cpus: [3] }], unsimulated: ['line 1: chrt before the program'] }); // prettier-ignore
  });
});

describe('a shell is not needed, and what only one could tell is refused', () => {
  test('quotes, backslashes and comments are as in a POSIX shell', () => {
    expect(readQemu(`-smp '2' -name "my \\"vm\\" \\x" # -m 9G`).name).toBe('my "vm" \\x');
    expect(readQemu("-name it\\'s\\ mine -m 1'2'8").name).toBe("it's mine");
    expect(readQemu('-smp 2 \\\r\n -m 64\r\n').memoryBytes).toBe(64 * MiB);
    expect(readQemu('-name guest=a,,b,process=c -m 64').name).toBe('a,b');
    expect(readQemu("-name '$x`y`' -m 64").name).toBe('$x`y`');
  });

  test.each([
    ['-m $MEM', 'line 1, column 4: $MEM, want what it stands for: nothing is expanded or run'],
    ['-smp 2 \\\n  -m "${MEM}G"', 'line 2, column 7: ${MEM}, want what'],
    ['qemu-kvm $OPTIONS -m 1G', 'line 1, column 10: $OPTIONS, want what'],
    ['$QEMU -m 1G', 'line 1, column 1: $QEMU, want what'],
    ['taskset -c $CPUS qemu-kvm -m 1G', 'line 1, column 12: $CPUS, want what'],
    ['numactl -m $NODE qemu-kvm -m 1G', 'line 1, column 12: $NODE, want what'],
    ['qemu-kvm -device $DEVICE', 'line 1, column 18: $DEVICE, want what'],
    ['qemu-kvm -object $KIND,id=a', 'line 1, column 18: $KIND, want what'],
    ['qemu-kvm -object memory-backend-ram,id=a,size=$SIZE', 'line 1, column 47: $SIZE, want what'],
    ['MEM=$(free)\nqemu-kvm -m $MEM', 'line 2, column 13: $MEM, want what'],
    ['MEM=1G\nMEM=`free`\nqemu-kvm -m $MEM', 'line 3, column 13: $MEM, want what'],
    ['MEM="1G -smp 2"\nqemu-kvm -m $MEM', 'line 2, column 13: $MEM, want what'], // a shell would make three words of it
    ['-m 1G -smp $(nproc', 'line 1, column 12: $( without its end, want )'],
    ['-m 1G <<END', 'line 1, column 7: <<, want one command without a document in it'],
    ['-m 1G >', 'line 1, column 7: >, want a file after it'],
    ['| qemu-kvm -m 1G', 'line 1, column 1: |, want a command before it'],
    ['-m 1G || reboot', 'line 1, column 7: ||, want one command'],
    ['-smp $(nproc)', 'line 1, column 6: $(nproc), want what'],
    ['-smp `nproc`', 'line 1, column 6: `nproc`, want what'],
    ['-m 1G && reboot', 'line 1, column 7: &&, want one command'],
    ['[ -e a ] ||\n qemu-kvm -m 1G', 'line 1, column 10: ||, want one command'],
    ['cd a && test b && exec qemu-kvm -m 1G', 'line 1, column 6: &&, want one command'],
    ['MEM=2G\nif [ "$1" = big ]; then\n  MEM=8G\nfi\nqemu-kvm -m $MEM', 'line 5, column 13: $MEM, want what'],
    ['MEM=2G\nif [ a ]; then MEM=8G; fi\nqemu-kvm -m $MEM', 'line 3, column 13: $MEM, want what'],
    ['for i in 0 1; do\n  kvm -m 1G &\ndone', 'line 2, column 3: "kvm" in a branch or loop, want a command that runs once in any case'],
    ['if [ a ]; then qemu-kvm -m 1G; else qemu-kvm -m 2G; fi', 'line 1, column 16: "qemu-kvm" in a branch or loop'],
    ['if [ a ]; then\n$QEMU -m 1G\nfi', 'line 2, column 1: "$QEMU" in a branch or loop'],
    ['MEM=2G\n[ -n "$1" ] && MEM=8G\nqemu-kvm -m $MEM', 'line 3, column 13: $MEM, want what'],
    ['MEM=2G\n[ a ] || { MEM=8G; }\nqemu-kvm -m $MEM', 'line 3, column 13: $MEM, want what'],
    ["-name 'x", "line 1, column 7: a ' without its other, want both"],
    ['echo $QEMU\n$QEMU -m 1G\nqemu-kvm -m 1G', 'line 3, column 1: "qemu-kvm": a second command'],
    ['qemu-kvm -m 1G\n-smp 2', 'line 2, column 1: "-smp": a second command'],
    ['strace qemu-kvm -m 1G', 'line 1, column 1: "strace", want a QEMU command line'],
    ['reboot', 'line 1, column 1: "reboot", want a QEMU command line'],
    ['set -e\n', 'nothing, want a QEMU command line'],
    ['# nothing', 'nothing, want a QEMU command line'],
  ])('%s', (text, message) => {
    expect(refusal(text)).toContain(message);
  });
});

describe('several commands', () => {
  const names = (text: string): unknown[] => readQemuCommands(text).map(({ name, vcpus, pins }) => [name, vcpus, pins[0]]);

  test('are a guest each', () => {
    const text = 'taskset -c 4 qemu-kvm -name a -smp 2\n\n# guest b\n-name b -smp 3\n# a note\nsudo kvm -name c \\\n -m 2G &\n';
    expect(names(text)).toEqual([['a', 2, { cpus: [4] }], ['b', 3, null], ['c', 1, null]]); // prettier-ignore
    expect(refusal(text)).toContain('line 4, column 1: "-name": a second command, want one QEMU command line');
  });

  test.each([
    ['qemu-kvm -smp 2\n-m 4G', 'line 2, column 1: "-m": a second command, want one QEMU command line (a line goes on after a backslash)'],
    ['qemu-kvm -smp 2\n# a note\n-m 4G', 'line 3, column 1: "-m": a second command'],
    ['qemu-kvm -smp 2\nqemu-kvm -smp x', 'line 2, column 15'],
    ['kvm\n'.repeat(4097), 'line 4097, column 1: more than 4096 guests, want fewer'],
  ])('%.30j is refused', (text, message) => {
    expect(() => names(text)).toThrow(message);
  });
});
