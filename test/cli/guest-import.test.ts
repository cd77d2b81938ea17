import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { numalab } from '../../cli/numalab.ts';

const folder = mkdtempSync(join(tmpdir(), 'guest-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function call(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), progress: () => {}, width: 90 };
  return { code: await numalab(argv, lab('1.2.3'), terminal), out, err };
}

const web = file('web.sh', 'taskset -c 6-8 qemu-kvm -name web -smp 2 -m 3G -device virtio-net-pci -numa node,cpus=0 -numa node,cpus=1\n');
const odd = file('odd.sh', 'qemu-kvm -name odd -m 1G -device nvdimm,host=1\n');

describe('guest import', () => {
  test('writes a scenario that runs, and tells what it understood', async () => {
    const out = join(folder, 'web.yaml');
    const { code, out: told } = await call('guest', 'import', web, '--machine', 'opteron-6164-4s', '--out', out);
    expect([code, told]).toEqual([
      0,
      `web (qemu, ${web}), on opteron-6164-4s
  kind       kvm
  vcpus      2
  memory     3GiB
  vnuma      0:1536MiB/1:1536MiB
  vtopology  sockets=2,cores=1,threads=1
  pins       0-1=6-8
  note: -numa node without memdev: QEMU 5.1 on wants it
  without effect here: line 1: -device virtio-net-pci
`,
    ]);
    expect(readFileSync(out, 'utf8')).toContain(`policy: as-configured # does what`);
    const { code: ranWell, out: result } = await call('run', '--scenario', out, '--duration', '50ms', '--json');
    const { guests, policy } = JSON.parse(result) as { guests: { blocksByNode: number[] }[]; policy: string };
    // CPUs 6 to 8 are of node 1, where all that is touched lies
    expect([ranWell, policy]).toEqual([0, 'as-configured']);
    expect(guests[0]!.blocksByNode.map((blocks) => blocks > 0)).toEqual([false, true, false, false, false, false, false, false]);
  });

  test('says whose ids it takes only where a file names some and no machine is named', async () => {
    const note = 'note: ids of the host are taken as those of opteron-6164-4s';
    expect((await call('guest', 'import', web)).err).toContain(note);
    expect((await call('guest', 'import', web, '--machine', 'opteron-6164-4s')).err).not.toContain(note);
    expect((await call('guest', 'import', file('free.sh', 'qemu-kvm -name free -smp 3 -m 1G\n'))).err).not.toContain(note);
  });

  test('says that the workload uses no memory, in the file too', async () => {
    const out = join(folder, 'noted.yaml');
    const { err } = await call('guest', 'import', web, '--out', out);
    expect(err).toBe(
      `note: ids of the host are taken as those of opteron-6164-4s, the first of machine list: --machine says another\nwritten to ${out}: numalab run --scenario ${out}\nnote: workload: compute uses no memory, so that placements will not differ: name another, such as --workload lmbench-rd\n`,
    );
    expect(readFileSync(out, 'utf8')).toMatch(
      /^workload: compute # .*none of the files says it\. It uses no memory, .* --workload lmbench-rd$/m,
    );
  });

  test('says of an error in what it would write that it is not written', async () => {
    const out = join(folder, 'small.yaml');
    const { code, err } = await call('guest', 'import', file('small.sh', 'qemu-kvm -name tiny -m 9M\n'), '--out', out);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/small\.yaml \(not written\):\d+:\d+: guests\[0\]\.memory = 9MiB, want a size from 64MiB/),
    ]);
    expect(existsSync(out)).toBe(false);
  });

  test('tells how shares were taken, to the end of the line', async () => {
    const xml = "<domain type='kvm'><name>a</name><memory unit='MiB'>640</memory><cputune><shares>100</shares></cputune></domain>";
    expect((await call('guest', 'import', file('shares.xml', xml))).err).toContain(
      '  note: line 1: cputune.shares = 100: 1024 taken as usual, as hosts with cgroup v1 have it; those with v2 have 100, so that the usual weight may be meant\n  note: line 1: cputune.shares = 100: a weight of 9.76563, taken as 10\n',
    );
  });

  test('writes onto an empty file, as nothing is lost, and onto no other', async () => {
    const out = file('empty.yaml', '');
    expect((await call('guest', 'import', web, '--out', out)).code).toBe(0);
    const text = readFileSync(out, 'utf8');
    expect(text).toContain('name: web');
    writeFileSync(out, `${text}\n`);
    const { code, err } = await call('guest', 'import', web, '--out', out);
    expect([code, err]).toEqual([2, expect.stringContaining('stands already and says something else')]);
  });

  test('prints the scenario, with what was understood beside it', async () => {
    const { out, err } = await call('guest', 'import', web);
    expect(out).toMatch(/^# Made by numalab guest import\./);
    expect(err).toContain('vnuma      0:1536MiB/1:1536MiB');
  });

  test('refuses what cannot be simulated, unless it may leave it out', async () => {
    const refused = await call('guest', 'import', web, odd);
    expect([refused.code, refused.out, refused.err]).toEqual([
      2,
      '',
      `not simulated, want it gone or --lenient: ${odd}: line 1: -device nvdimm\n`,
    ]);
    const { code, out } = await call('guest', 'import', web, odd, '--lenient', '--json');
    const { guests, scenario } = JSON.parse(out) as { guests: { name: string; unsimulated: string[]; format: string }[]; scenario: string };
    expect([code, guests.map(({ name, unsimulated }) => [name, unsimulated])]).toEqual([0, [['web', []], ['odd', ['line 1: -device nvdimm']]]]); // prettier-ignore
    expect(scenario).toContain('  # left out: line 1: -device nvdimm\n  - name: odd\n');
  });

  test.each([
    [['--format', 'qmeu'], '--format = qmeu, want one of'],
    [['--format', 'vng'], 'want a vng command line'],
    [['--machine', 'optron'], '--machine optron: want one of'],
    [['--out', web], '--out'],
  ])('%j is refused', async (flags, message) => {
    const { code, out, err } = await call('guest', 'import', web, ...flags);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err.trimEnd()).not.toContain('\n');
  });
});
