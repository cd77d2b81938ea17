import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { machines } from '../../machines/index.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { drawLinks } from '../../report/link-drawing.ts';
import { describeMachine, machineJson } from '../../report/machine.ts';
import { buildMachine } from '../../sim/machine.ts';
import { figuresOf, isAssumed } from '../../sim/machine-spec.ts';

/** Lines from the one that starts with `head` to the next empty one. */
function block(text: string, head: string): string[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(head));
  return lines.slice(start, lines.indexOf('', start + 2));
}

/** A text without its line breaks and indents, so that wrapped words can be found. */
const unwrapped = (text: string): string => text.replace(/\s+/g, ' ');

describe('a machine whose operating system has other ids', () => {
  const machine = buildMachine({ ...lopsided, nodeIds: [0, 33, 34], cpuIds: [0, 8, 9, 17, 40, 3] });
  const text = describeMachine(machine);

  test('is told by those as numactl tells it, and says what its nodes are called below', () => {
    expect(text.slice(0, text.indexOf('\n\n'))).toBe(
      [
        'available: 3 nodes (0,33-34)',
        'node 0 cpus: 0 8 9',
        'node 0 size: 5120 MB',
        'node 33 cpus: 17',
        'node 33 size: 3072 MB',
        'node 34 cpus: 3 40',
        'node 34 size: 7168 MB',
        'node distances:',
        'node   0  33  34',
        '  0:  10  13  27',
        ' 33:  14  10  19',
        ' 34:  24  18  10',
      ].join('\n'),
    );
    expect(text).toContain('\n  node 33 is 1, node 34 is 2\n');
  });

  test('has both in JSON', () => {
    expect((machineJson(machine) as { nodes: unknown[] }).nodes[2]).toMatchObject({ node: 2, osNode: 34, cpus: [4, 5], osCpus: [40, 3] });
    expect((machineJson(buildMachine(lopsided)) as { nodes: object[] }).nodes[2]).not.toHaveProperty('osNode');
  });
});

describe('the lopsided machine in words', () => {
  const text = describeMachine(buildMachine(lopsided));

  test('begins as numactl --hardware does', () => {
    expect(text.slice(0, text.indexOf('\n\n'))).toBe(
      [
        'available: 3 nodes (0-2)',
        'node 0 cpus: 0 1 2',
        'node 0 size: 5120 MB',
        'node 1 cpus: 3',
        'node 1 size: 3072 MB',
        'node 2 cpus: 4 5',
        'node 2 size: 7168 MB',
        'node distances:',
        'node   0   1   2',
        '  0:  10  13  27',
        '  1:  14  10  19',
        '  2:  24  18  10',
      ].join('\n'),
    );
  });

  test('draws each link from node to node with its capacity, those inside a socket double', () => {
    expect(block(text, 'Links').slice(2)).toEqual([
      '  ╭─socket 0─╮    ╭─s1╮',
      '    0      1        2',
      '    ●══════●        ┊    0-1       7 GB/s',
      '    ●───────────────●    0-2       3 GB/s',
      '    ┊      ●────────●    1-2       5 GB/s',
    ]);
  });

  test('gives latencies by row of the CPU, and the one pair whose data take another way back', () => {
    expect(block(text, 'Idle latency').slice(2)).toEqual([
      '            0       1       2',
      '   0:    80.0   125.0   215.0',
      '   1:   135.0    90.0   165.0',
      '   2:   175.0   155.0    70.0',
    ]);
    expect(block(text, 'Routes').slice(2)).toEqual(['  0 → 2            2 → 1 → 0          another way back']);
  });

  test('gives caches in bytes, cycles and ns at 1.6 GHz', () => {
    expect(block(text, 'Caches').slice(2)).toEqual([
      '  L1      32 KiB   4 cycles   2.5 ns   of each CPU',
      '  L2     384 KiB  14 cycles   8.8 ns   of each CPU',
      '  LLC      3 MiB  40 cycles  25.0 ns   shared by the CPUs of a node',
    ]);
  });

  test('gives bandwidth from the least to the most of each distance', () => {
    const cells = block(text, 'Bandwidth').map((line) => line.trim().split(/\s{2,}/));
    // one hop: 1<2 reads over the wire of 5, 2<0 and 2<1 are held to 2.5 and 4.5; 1<2 writes over that wire too, the others 2 and 3
    expect(cells).toContainEqual(['one hop', '3', '155-175', '4.2-4.5', '1.50-1.80', '1.20-1.40', '2.50-5.00', '2.00-5.00']);
    // 0<2 reads 4; its written lines go back over the wire of 3
    expect(cells).toContainEqual(['two hops or more', '1', '215', '4.4', '1.30', '1.10', '4.00', '3.00']);
  });

  test('ends with what is assumed and why, and lists no figure as published', () => {
    expect(text).not.toContain('Figures with a source');
    expect(unwrapped(text)).toMatch(
      /Assumed figures.* clockGHz 1\.6, .*llcBytes 3 MiB.* invented for tests, so that no two figures are alike $/,
    );
  });
});

test('a node of memory only is shown without CPUs and is no reader in the table of bandwidth', () => {
  const text = describeMachine(buildMachine({ ...lopsided, nodeCpus: [3, 0, 2] }));
  expect(text).toContain('\nnode 1 cpus:\nnode 1 size: 3072 MB\n');
  expect(block(text, 'Bandwidth').find((line) => line.startsWith('  local'))).toMatch(/^ {2}local +2 +70-80 /);
});

test('CPUs of a node too many for a line are shown as a range', () => {
  const text = describeMachine(buildMachine({ ...lopsided, nodeCpus: [3, 29, 28] }));
  expect(text).toContain(`\nnode 1 cpus: 3 4 5 6 7 8`);
  expect(text).toContain('\nnode 2 cpus: 32 33 34');
  expect(describeMachine(buildMachine({ ...lopsided, nodeCpus: [3, 31, 1] }))).toContain('\nnode 1 cpus: 3-33\nnode 1 size:');
});

test('sockets whose nodes are not numbered side by side are still drawn side by side', () => {
  expect(drawLinks({ ...lopsided, nodeSocket: [0, 1, 0] })).toEqual([
    '  ╭─socket 0─╮    ╭─s1╮',
    '    0      2        1',
    '    ●══════●        ┊    0-2       3 GB/s',
    '    ●───────────────●    0-1       7 GB/s',
    '    ┊      ●────────●    2-1       5 GB/s',
  ]);
});

describe.each(machines)('$name', (spec) => {
  const machine = buildMachine(spec);
  const text = describeMachine(machine);

  test('fits a terminal of 96 columns, without blanks at the end of a line', () => {
    for (const line of text.split('\n')) {
      expect([...line].length, line).toBeLessThanOrEqual(96);
      expect(line).toBe(line.trimEnd());
    }
  });

  test('draws every link once', () => {
    const drawn = block(text, 'Links').filter((line) => line.includes('GB/s'));
    expect(drawn).toHaveLength(spec.links.value.length);
    expect(drawn.every((line) => [...line].filter((letter) => letter === '●').length === 2)).toBe(true);
  });

  test('gives the reason of every assumed figure, in the last section', () => {
    const assumed = unwrapped(text.slice(text.indexOf('Assumed figures')));
    const published = unwrapped(text.slice(text.indexOf('Figures with a source'), text.indexOf('Assumed figures')));
    for (const { name, figure } of figuresOf(spec)) {
      const section = isAssumed(figure) ? assumed : published;
      expect(section).toContain(name);
      expect(section).toContain(figure.source.replace('assumed: ', ''));
    }
  });
});

test('the default machine shows its ten pairs two hops apart, six of them with another way back', () => {
  const routes = block(describeMachine(buildMachine(opteron6164)), 'Routes').slice(2);
  expect(routes).toHaveLength(10);
  expect(routes.filter((line) => line.endsWith('another way back'))).toHaveLength(6);
});

test('as JSON a machine has its nodes, the way data take between them, its resources and the source of each figure', () => {
  const json = JSON.parse(JSON.stringify(machineJson(buildMachine(lopsided))));
  expect(json).toMatchObject({ name: 'lopsided', sockets: 2, cpus: 6 });
  expect(json.nodes[2]).toEqual({ node: 2, socket: 1, cpus: [4, 5], memoryBytes: 7 * 1024 ** 3 });
  expect(json.routes[2]).toEqual({ cpuNode: 0, memoryNode: 2, hopClass: 'twoHop', dataTravels: [2, 1, 0] });
  expect(json.resources[7]).toEqual({ name: 'link 0>2', GBps: 3 });
  expect(json.figures.slit.value[0]).toEqual([10, 13, 27]);
  expect(json.figures.clockGHz).toEqual({ value: 1.6, source: lopsided.clockGHz.source, assumed: true });
  expect(json.linesInFlight).toHaveLength(3);
});
