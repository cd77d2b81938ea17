import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { readMachineFile } from '../../experiments/machine-file.ts';
import { machineFileText } from '../../experiments/machine-file-text.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { BOARD_IDS, boardFiles, boardNumactl, boardXml } from '../experiments/machine-import/deck-board.ts';
import { tarOf } from '../formats/sysfs-fixture.ts';
import { session } from './session.ts';

const home = mkdtempSync(join(tmpdir(), 'numalab-machine-import-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const place = (name: string): string => join(home, name);
const machines = [lopsided, opteron6164];

writeFileSync(place('board.xml'), boardXml());
writeFileSync(place('board.txt'), boardNumactl());
writeFileSync(place('board.tar.gz'), gzipSync(tarOf(boardFiles())));
for (const [name, text] of boardFiles()) {
  mkdirSync(dirname(place(`dump/${name}`)), { recursive: true });
  writeFileSync(place(`dump/${name}`), text);
}

describe('machine import', () => {
  test('prints the machine file, and beside it what it understood', async () => {
    const { code, out, err } = await session(['machine', 'import', place('board.txt')], { machines });
    expect(code).toBe(0);
    const spec = readMachineFile('board.yaml', out, []);
    expect(spec).toMatchObject({ name: 'board', sockets: 4, nodeIds: BOARD_IDS, slit: { value: opteron6164.slit.value, source: 'board.txt (numactl): distances' } }); // prettier-ignore
    const lines = err.split('\n');
    expect(lines[0]).toBe(`${'board.txt'}, read as numactl: 4 sockets, 8 nodes, 48 CPUs, 95.859 GiB`);
    expect(lines[5]).toBe('  node 18 (4 here): socket 2, CPUs 24-29, 7.98 GiB');
    expect(err).toContain('\nassumed:\n  sockets: not said, those of opteron-6164-4s, which has the same nodes, CPUs and distances\n  threadsPerCore: not said, each CPU taken for a core of its own; '); // prettier-ignore
    expect(err).toContain('\n  clockGHz 2.5: no clock said\n  l1Bytes 32 KiB: ');
    expect(out).toContain('\n# assumed: sockets: not said, those of opteron-6164-4s');
    expect(err).toContain('\n  latencyNs: SLIT / 10 times a local latency of 90 ns\n');
    expect(err).toMatch(
      /\nthis is opteron-6164-4s but for: nodes are called 0, 1, 4, .*; --like opteron-6164-4s takes its measured figures\n$/,
    );
  });

  test('tells a folder, an archive and XML by what is in them', async () => {
    const [folder, archive, xml] = await Promise.all(['dump', 'board.tar.gz', 'board.xml'].map((name) => session(['machine', 'import', place(name), '--name', 'own', '--json'], { machines }))); // prettier-ignore
    const told = [folder!, archive!, xml!].map(({ out }) => JSON.parse(out) as { format: string; like: object; machine: { nodeIds: number[]; clockGHz: { value: number } } }); // prettier-ignore
    expect(told.map(({ format }) => format)).toEqual(['sysfs', 'sysfs', 'hwloc']);
    for (const { machine, like } of told) expect([machine.nodeIds, like]).toEqual([BOARD_IDS, expect.objectContaining({ name: 'opteron-6164-4s' })]); // prettier-ignore
    expect(told[0]!.machine.clockGHz.value).toBe(1.7);
    expect(readMachineFile('own.json', JSON.stringify(told[1]!.machine), [])).toEqual(told[1]!.machine);
  });

  test('counts one as one, and tells nothing of links where there is one node', async () => {
    writeFileSync(
      place('one.txt'),
      'available: 1 nodes (0)\nnode 0 cpus: 0\nnode 0 size: 5210 MB\nnode 0 free: 4538 MB\nNo distance information available.\n',
    );
    const words = ['machine', 'import', place('one.txt'), '--out', place('one.yaml')];
    writeFileSync(place('one.yaml'), ''); // as mktemp makes it: nothing is lost
    const { code, out } = await session(words, { machines });
    expect([code, out.split('\n')[0]]).toEqual([0, 'one.txt, read as numactl: 1 socket, 1 node, 1 CPU, 5.088 GiB']);
    expect(out).toContain(
      '\nassumed:\n  sockets: not said, each node with CPUs taken for one\n  threadsPerCore: not said, each CPU taken for a core of its own; ',
    );
    expect(out).not.toMatch(/links|nextHop|remarks/);
    expect((await session(['machine', 'show', place('one.yaml')], { machines })).out).toMatch(
      /\n1 socket, 1 node, 1 CPU at 2\.5 GHz, 5\.088 GiB\n/,
    ); // 5210 / 1024 = 5.0879
    const { assumed } = JSON.parse((await session([...words, '--json'], { machines })).out) as { assumed: { figure: string }[] };
    expect(assumed[0]).toEqual({ figure: 'sockets', why: 'assumed: not said, each node with CPUs taken for one' });
  });

  test('takes what is no file for a synthetic string of hwloc', async () => {
    const { out, err } = await session(['machine', 'import', 'pack:2 [numa(memory=3GiB)] core:4 pu:2'], { machines });
    expect(err.split('\n')[0]).toMatch(/^a synthetic string, read as synthetic: 2 sockets, 2 nodes, 16 CPUs \(2 threads a core\), 6 GiB$/);
    expect(readMachineFile('m.yaml', out, [])).toMatchObject({ name: 'imported', threadsPerCore: 2, nodeCpus: [8, 8] });
    const wrong = await session(['machine', 'import', 'pack:2 cat:3 pu:1'], { machines });
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toMatch(/line 1, column 8: "cat", want pack, .* \(no such file, so read as a synthetic string of hwloc\)\n$/);
  });

  test.each([
    ['nowhere.xml', null, 'no such file or folder'],
    ['empty', '', 'empty'],
    ['lscpu.txt', 'Architecture:  x86_64\n', 'of no format that is known'],
    ['mine.yaml', 'name: mine\nsockets: 1\nnodeCpus: [2]\n', 'a machine file already (numalab machine show)'],
    ['dump.tar.xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), 'packed by xz, which is not read here'],
  ])('says of %s what it is, and what can be read', async (name, content, what) => {
    if (content !== null) writeFileSync(place(name), content);
    const { code, err } = await session(['machine', 'import', place(name)], { machines });
    expect([code, err]).toEqual([2, expect.stringContaining(`${name}: ${what}, want hwloc's XML, what numactl -H prints, a dump of /sys`)]);
  });

  test('writes a file, says so, and replaces no other in silence', async () => {
    const out = place('made/own.yaml');
    const made = await session(['machine', 'import', place('board.xml'), '--out', out, '--like', 'opteron-6164-4s'], { machines });
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/^board\.xml, read as hwloc: 4 sockets/);
    expect(made.out).not.toContain('--like');
    expect(readMachineFile(out, readFileSync(out, 'utf8'), []).latencyNs.value).toEqual(opteron6164.latencyNs.value);
    const words = ['machine', 'import', place('board.xml'), '--out', out];
    expect((await session([...words, '--like', 'opteron-6164-4s'], { machines })).code).toBe(0);
    const refused = await session(words, { machines });
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(/stands already and says something else, want another file, or --force\n$/);
    expect((await session([...words, '--force'], { machines })).code).toBe(0);
    expect(readMachineFile(out, readFileSync(out, 'utf8'), []).latencyNs.value[0]![0]).toBe(90);
    expect((await session([...words.slice(0, 4), place('board.xml')], { machines })).err).toMatch(/is .*board\.xml, which is read, want another/); // prettier-ignore
  });

  test.each([
    [['--format', 'hwlok'], /--format = hwlok, want one of hwloc, numactl, synthetic, sysfs; did you mean hwloc\?/],
    [['--format', 'hwloc'], /board\.txt: line \d+, column \d+: .*want well-formed XML/],
    [['--like', 'lopsided'], /--like = lopsided: differs in nodes: 8, not 3, want a machine of the same nodes, CPUs and distances/],
    [
      ['--like', 'lopsidet'],
      /--like lopsidet: want one of lopsided, opteron-6164-4s, or a file such as \.\/host\.yaml; did you mean lopsided\?/,
    ],
    [['--name', 'lopsided'], /--name = lopsided, want one that no machine of machine list has/],
    [['--name', 'a b'], /--name = a b, want 1 to 64 letters/],
  ])('refuses %j', async (words, message) => {
    const { code, out, err } = await session(['machine', 'import', place('board.txt'), ...words], { machines });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });
});

describe('a machine file', () => {
  writeFileSync(place('small.yaml'), machineFileText({ ...lopsided, name: 'small', clockGHz: { value: 3.21, source: 's' } }));

  test('is run, and the result has its name', async () => {
    const { code, out, ran } = await session(['run', '--machine', place('small.yaml'), '--duration', '1s', '--json']);
    expect(code).toBe(0);
    expect(ran[0]!.machine.clockGHz).toBe(3.21);
    expect(JSON.parse(out)).toMatchObject({ machine: 'small' });
  });

  test('that a scenario file names lies beside it; one that a flag names lies where one is', async () => {
    writeFileSync(place('scenario.yaml'), 'machine: ./small.yaml\nduration: 1s\n');
    expect((await session(['run', '--scenario', place('scenario.yaml')])).ran[0]!.machine.spec.name).toBe('small');
    const elsewhere = await session(['run', '--scenario', place('scenario.yaml'), '--machine', './small.yaml']);
    expect(elsewhere.err).toMatch(/machine = \.\/small\.yaml, want a file that can be read \(ENOENT\)/);
  });

  test('is compared on, one policy with another', async () => {
    const { code, ran } = await session(['compare', '--machine', place('small.yaml'), '--policy', 'drift', '--policy', 'pinned', '--seeds', '2', '--duration', '1s']); // prettier-ignore
    expect(code).toBe(0);
    expect(new Set(ran.map(({ machine }) => machine.spec.name))).toEqual(new Set(['small']));
  });

  test('is shown, and its faults have a place', async () => {
    expect((await session(['machine', 'show', place('small.yaml')])).out).toMatch(/\nsmall: /);
    writeFileSync(place('broken.yaml'), readFileSync(place('small.yaml'), 'utf8').replace('value: 3.21', 'value: -3'));
    for (const words of [
      ['machine', 'show', place('broken.yaml')],
      ['run', '--machine', place('broken.yaml')],
    ]) {
      const { code, err } = await session(words);
      expect(code).toBe(2);
      expect(err).toMatch(/broken\.yaml:\d+:\d+: clockGHz = -3, want more than 0\n/);
    }
  });
});

describe('machine export', () => {
  test("writes numactl's text and hwloc's XML of machines and of files", async () => {
    const text = await session(['machine', 'export', 'opteron-6164-4s'], { machines });
    expect(text.out).toMatch(/^available: 8 nodes \(0-7\)\nnode 0 cpus: 0 1 2 3 4 5\nnode 0 size: 8192 MB\nnode 0 free: 8192 MB\n/);
    await session(['machine', 'import', place('board.txt'), '--out', place('again.yaml')], { machines });
    const again = await session(['machine', 'export', place('again.yaml')], { machines });
    expect(again.out.replace('(0-1,4-5,18-19,32,40)', `(${BOARD_IDS.join()})`).replace(/free: \d+/g, '')).toBe(boardNumactl().replace(/free: \d+/g, '')); // prettier-ignore
    const xml = await session(['machine', 'export', place('again.yaml'), '--format', 'hwloc', '--out', place('again.xml')], { machines });
    expect(xml).toMatchObject({ code: 0, out: '' });
    expect((await session(['machine', 'import', place('again.xml'), '--json'], { machines })).out).toContain('"nodeIds"');
  });

  test('refuses other formats and files that stand there', async () => {
    expect((await session(['machine', 'export', 'lopsided', '--format', 'svg'])).err).toMatch(/--format = svg, want one of numactl, hwloc/);
    const out = ['machine', 'export', 'lopsided', '--out', place('board.txt')];
    expect((await session(out)).err).toMatch(/stands already and says something else/);
  });
});
