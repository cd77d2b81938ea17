import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lopsided } from '../../machines/lopsided.ts';
import { FILE_PREFIXES } from '../../experiments/file-prefixes.ts';
import { FILE_WORKLOADS } from '../../experiments/file-words.ts';
import { InputError } from '../../experiments/input-error.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { DEFAULT_COSTS, type Scenario } from '../../sim/scenario.ts';
import { registries } from './scenario-fixtures.ts';

const fromFile = (text: string): Scenario => readScenario({ flags: {}, file: { name: 's.yaml', text } }, registries);
const fromFlags = (flags: Record<string, string>): Scenario => readScenario({ flags }, registries);

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('a scenario that says everything', () => {
  const scenario = fromFile(`
machine: lopsided
policy: drift:stay=3ms,order=far
workload: stare
vcpus: 2
memory: 128MiB
vnodes: 2
kind: xen-pv
boot: 0.25
guests:
  - { name: web, count: 2, workload: "compile:jobs=7", weight: 200 }
  - memory: 1.5GiB
    boot: 0
  - { name: db, vcpus: 3, kind: bare, vnodes: 1 }
duration: 1.5s
limit: 4min
start: staggered:10ms
seed: 007
ties: seeded
contention: max-min
host-noise: 2.5
dom0: 1.5
block: 64KiB
host-cache: 3GiB
watchdog: 250ms
checks: all
costs: { context-switch: 3us, cold-cache: false, hook: 70ns, helper: 0 }
hotplug: [{ cpu: 3, offline: 300ms }, { cpu: 1, offline: 200ms, online: 700ms }]
`);

  test('has its guests one by one, each with what its group says and else what all have', () => {
    const MiB = 1024 * 1024;
    expect(scenario.guests.map((g) => [g.name, g.vcpus, g.memoryBytes, g.workload.name, g.options, g.kind, g.weight, g.bootShare])).toEqual(
      [
        ['web1', 2, 128 * MiB, 'compile', { jobs: 7 }, 'xen-pv', 200, 0.25],
        ['web2', 2, 128 * MiB, 'compile', { jobs: 7 }, 'xen-pv', 200, 0.25],
        ['vm1', 2, 1536 * MiB, 'stare', {}, 'xen-pv', 100, 0],
        ['db', 3, 128 * MiB, 'stare', {}, 'bare', 100, 0.25],
      ],
    );
  });

  test('has virtual nodes as its words and groups say', () => {
    expect(scenario.guests.map((g) => g.vnodes)).toEqual([2, 2, 2, 1]);
  });

  test('has every other word in base units', () => {
    const { guests: _, machine, policy, ...rest } = scenario;
    expect([machine.spec.name, policy.name]).toEqual(['lopsided', 'drift']);
    expect(rest).toEqual({
      policyOptions: { stay: 3_000_000, rate: 256, order: 'far' },
      seed: '7',
      startGapNs: 10_000_000,
      durationNs: 1_500_000_000,
      limitNs: 240_000_000_000,
      ties: 'seeded',
      contention: 'max-min',
      hostNoise: 2.5,
      dom0: 1.5,
      blockBytes: 65_536,
      mappingBytes: 65_536,
      hostCacheBytes: 3_221_225_472,
      hotplug: [
        { atNs: 200_000_000, cpu: 1, isOnline: false },
        { atNs: 300_000_000, cpu: 3, isOnline: false },
        { atNs: 700_000_000, cpu: 1, isOnline: true },
      ],
      costs: { ...DEFAULT_COSTS, contextSwitchNs: 3_000, coldCache: false, hookNs: 70, helperNs: 0 },
      watchdogNs: 250_000_000,
      checks: 'all',
    });
  });
});

describe('what is left out', () => {
  test('machine, policy and workload are the first of their lists', () => {
    const { machine, policy, guests } = fromFlags({});
    expect([machine.spec.name, policy.name, guests[0]!.workload.name]).toEqual(['lopsided', 'drift', 'stare']);
  });

  test('one guest of one vCPU and 1 GiB boots half its memory and runs 2 s of a workload that never ends', () => {
    const scenario = fromFlags({});
    expect(scenario.guests).toMatchObject([{ name: 'vm1', vcpus: 1, memoryBytes: 1024 ** 3, vnodes: 1, bootShare: 0.5, kind: 'kvm' }]);
    expect(scenario).toMatchObject({
      seed: '1',
      durationNs: 2e9,
      startGapNs: 0,
      hostNoise: 1,
      blockBytes: 2 * 1024 ** 2,
      hostCacheBytes: 0,
      ties: 'id',
      contention: 'fifo',
    });
  });

  test('a workload that ends by itself runs to its end', () => {
    expect(fromFlags({ workload: 'compile' }).durationNs).toBeNull();
  });

  test('one guest that never ends is enough to need an end', () => {
    const text = 'guests: [{workload: compile}, {workload: stare}]';
    expect(fromFile(text).durationNs).toBe(2e9);
  });
});

describe('a flag and a file', () => {
  const file = { name: 's.yaml', text: 'policy: pinned\nvcpus: 2\nguests: [{vcpus: 3}, {}]' };

  test('the flag wins, and what it does not say stays', () => {
    const scenario = readScenario({ flags: { policy: 'drift', vcpus: '5' }, file }, registries);
    expect([scenario.policy.name, scenario.guests.map((guest) => guest.vcpus)]).toEqual(['drift', [3, 5]]);
  });

  test('a flag that every guest of the file overrules is refused instead of ignored', () => {
    const deaf = { name: 's.yaml', text: file.text.replace('{}', '{vcpus: 4}') };
    expect(refusal(() => readScenario({ flags: { vcpus: '5' }, file: deaf }, registries))).toBe(
      '--vcpus = 5, but every guest of the file says its own vcpus; want one of the two',
    );
  });

  test('the error names the one the value came from', () => {
    expect(refusal(() => readScenario({ flags: { seed: 'x' }, file }, registries))).toMatch(/^--seed = x, want/);
    expect(refusal(() => readScenario({ flags: { seed: '3' }, file: { name: 's.yaml', text: 'vcpus: 0' } }, registries))).toMatch(
      /^s\.yaml:1:8: vcpus = 0, want a whole number from 1 to 4096$/,
    );
  });
});

test('a misspelt word before a file is answered by those there are', () => {
  const said = refusal(() => fromFile('workload: rtapp:tasks.json'));
  expect(said).toMatch(
    /^s\.yaml:1:11: workload = rtapp:tasks\.json, want one of .*, rt-app:FILE, trace:FILE, perf-stat:FILE; did you mean rt-app\?$/,
  );
  expect(refusal(() => fromFile('workload: trace'))).toBe('s.yaml:1:11: workload = trace, want a file after it: trace:FILE');
  expect(FILE_WORKLOADS.map(({ prefix }) => prefix)).toEqual(FILE_PREFIXES);
});

test("another tool's file is answered by the command that reads it", () => {
  expect(refusal(() => fromFile("<domain type='kvm'>\n  <name>a</name>\n</domain>"))).toBe(
    "s.yaml:1:1: another tool's description, want the scenario that numalab guest import makes of it",
  );
  expect(refusal(() => fromFile('machine: host.xml'))).toMatch(
    /want one of .*lopsided, or a file such as \.\/host\.yaml \(numalab machine import makes one of another tool's file\)$/,
  );
  expect(refusal(() => fromFile('machine: lopsidet'))).toMatch(/, or a file such as \.\/host\.yaml; did you mean lopsided\?$/);
});

describe('a wrong flag is refused in one line with flag, value, what was wanted and the nearest name', () => {
  test.each([
    [{ workload: 'compile:jobs=4500' }, '--workload of vm1: compile: jobs = 4500, want at most 4000 in any guest'],
    [{ memory: '-1' }, '--memory = -1, want a size from 64MiB to 16TiB such as 1GiB'],
    [{ memory: '1GB' }, '--memory = 1GB, want a size from 64MiB to 16TiB such as 1GiB'],
    [{ memory: '4096' }, '--memory = 4096, want a size from 64MiB to 16TiB such as 1GiB'],
    [{ memory: '' }, '--memory = nothing, want a size from 64MiB to 16TiB such as 1GiB'],
    [{ memory: '65MiB' }, '--memory: vm1 has 65MiB, want a multiple of the block (2MiB)'],
    [{ memory: '4GiB', guests: '4' }, '--memory: 4 guests of 16GiB in all, want at most the 15GiB of lopsided'],
    [{ guests: '16' }, '--guests: 16 guests of 16GiB in all, want at most the 15GiB of lopsided'],
    [{ guests: '4097' }, '--guests = 4097, want a whole number from 1 to 4096'],
    [{ guests: '0' }, '--guests = 0, want a whole number from 1 to 4096'],
    [{ guests: '010' }, '--guests = 010, want a whole number from 1 to 4096'],
    [{ vcpus: '4097' }, '--vcpus = 4097, want a whole number from 1 to 4096'],
    [{ vcpus: '1.5' }, '--vcpus = 1.5, want a whole number from 1 to 4096'],
    [{ vcpus: 'NaN' }, '--vcpus = NaN, want a whole number from 1 to 4096'],
    [{ vcpus: '0x10' }, '--vcpus = 0x10, want a whole number from 1 to 4096'],
    [{ duration: '1e999s' }, '--duration = 1e999s, want a time from 1us to 1440min such as 20ms'],
    [{ duration: '2min', limit: '119s' }, '--duration = 2min, want at most the limit (119s)'],
    [{ seed: '-3' }, '--seed = -3, want a whole number of at most 20 digits such as 1'],
    [{ seed: '1.0' }, '--seed = 1.0, want a whole number of at most 20 digits such as 1'],
    [{ start: 'staggered' }, '--start = staggered, want together, or staggered:10ms with a gap of at most 1min'],
    [{ contention: 'maxmin' }, '--contention = maxmin, want one of fifo, max-min; did you mean max-min?'],
    [{ ties: 'seded' }, '--ties = seded, want one of id, seeded; did you mean seeded?'],
    [{ 'host-noise': '10.5' }, '--host-noise = 10.5, want a number from 0 to 10'],
    [{ 'host-noise': '-0' }, '--host-noise = -0, want a number from 0 to 10'],
    [{ dom0: '11' }, '--dom0 = 11, want a number from 0 to 10'],
    [{ block: '3MiB' }, '--block = 3MiB, want a power of two from 4KiB to 1GiB such as 2MiB'],
    [{ block: '2KiB' }, '--block = 2KiB, want a power of two from 4KiB to 1GiB such as 2MiB'],
    [{ 'host-cache': '3' }, '--host-cache = 3, want a size from 0 to 16TiB such as 1GiB'],
    [{ 'host-cache': '16GiB' }, '--host-cache = 16GiB, want at most the 15GiB of lopsided'],
    [{ vnodes: '0' }, '--vnodes = 0, want a whole number from 1 to 254'],
    [{ vnodes: '3', vcpus: '2' }, '--vnodes: vm1 has 3 virtual nodes, want at most 2: it has 2 vCPUs and 512 blocks of memory'],
    [
      { vnodes: '20', vcpus: '32', block: '64MiB' },
      '--vnodes: vm1 has 20 virtual nodes, want at most 16: it has 32 vCPUs and 16 blocks of memory',
    ],
    [{ vnodes: '2', vcpus: '2', kind: 'bare' }, '--vnodes: vm1 has 2 virtual nodes, want at most 1: bare processes have no virtual nodes'],
    [{ boot: '1.01' }, '--boot = 1.01, want a number from 0 to 1'],
    [{ kind: 'xen_hvm' }, '--kind = xen_hvm, want one of kvm, xen-hvm, xen-pv, bare; did you mean xen-hvm?'],
    [{ machine: 'lopsidde' }, '--machine = lopsidde, want one of lopsided, or a file such as ./host.yaml; did you mean lopsided?'],
    [{ machine: '__proto__' }, '--machine = __proto__, want one of lopsided, or a file such as ./host.yaml'],
    [{ policy: 'constructor' }, '--policy = constructor, want one of drift, pinned'],
    [{ policy: 'pined' }, '--policy = pined, want one of drift, pinned; did you mean pinned?'],
    [{ policy: 'pinned:stay=1ms' }, '--policy = pinned:stay=1ms, want pinned alone, it has no options'],
    [{ policy: 'drift:' }, '--policy = drift:, want options written name=value, such as drift:stay=20ms'],
    [{ policy: 'drift:stya=1ms' }, '--policy = drift:stya=1ms, want options of drift (stay, rate, order), not stya; did you mean stay?'],
    [{ policy: 'drift:stay=20' }, '--policy = drift:stay=20, want for stay a time from 1us to 5s such as 20ms'],
    [{ policy: 'drift:stay=6s' }, '--policy = drift:stay=6s, want for stay a time from 1us to 5s such as 20ms'],
    [{ policy: 'drift:rate=9MiB/s' }, '--policy = drift:rate=9MiB/s, want for rate a rate from 0 to 10GB/s such as 200MB/s'],
    [{ policy: 'drift:order=fra' }, '--policy = drift:order=fra, want for order one of near, far; did you mean far?'],
    [{ policy: 'drift:stay=1ms,stay=2ms' }, '--policy = drift:stay=1ms,stay=2ms, want option stay once'],
    [{ workload: 'compile:jobs=0' }, '--workload = compile:jobs=0, want for jobs a whole number from 1 to 5000'],
    [{ seed: '\u001b[31m\u202e7\n' }, '--seed = \\u{1b}[31m\\u{202e}7\\u{a}, want a whole number of at most 20 digits such as 1'],
  ] as [Record<string, string>, string][])('%j', (flags, message) => {
    expect(refusal(() => fromFlags(flags))).toBe(message);
  });

  test('a value of ten thousand letters is cut', () => {
    expect(refusal(() => fromFlags({ seed: 'x'.repeat(10_000) })).length).toBeLessThan(150);
  });
});

const GUEST_WORDS =
  'name, count, vcpus, memory, vnodes, vnuma, vdistances, vtopology, vnuma-guest, vnuma-host, kind, boot, workload, weight, nice, cpus, pins, soft-pins, membind, vnode-membind, prealloc, cap, arrives, departs';

test('a guest of more blocks than can be linked is refused, even where the sum of all would do', () => {
  const roomy = { ...lopsided, memoryGiB: { value: [80, 3, 7], source: 'assumed' } };
  const read = (memory: string): Scenario => readScenario({ flags: { memory, block: '4KiB' } }, { ...registries, machines: [roomy] });
  expect(read('65535MiB').guests[0]!.memoryBytes / 4096).toBe(16_776_960); // below 2^24 - 1 = 16,777,215
  expect(refusal(() => read('64GiB'))).toBe('--block = 4KiB, want larger: 16777216 blocks of vm1, at most 16777215 a guest');
});

describe('a wrong file is refused with line and column', () => {
  test.each([
    [
      'memory of a guest',
      'workload: stare\nguests:\n  - vcpus: 2\n    memory: -1',
      's.yaml:4:13: guests[0].memory = -1, want a size from 64MiB',
    ],
    ['not a number', 'vcpus: .nan', 's.yaml:1:8: vcpus = .nan, want a whole number'],
    ['infinity', 'duration: .inf', 's.yaml:1:11: duration = .inf, want a time'],
    ['nothing', 'vcpus:', 's.yaml:1:7: vcpus = nothing, want a whole number'],
    ['null in JSON', '{"vcpus": null}', 's.yaml:1:11: vcpus = null, want'],
    ['a list for a number', 'vcpus: [2]', 's.yaml:1:8: vcpus = a list of 1, want a whole number'],
    ['a mapping for a name', 'policy: {name: drift}', 's.yaml:1:9: policy = a mapping, want one of drift, pinned'],
    ['a mapping for guests', 'guests: {a: 1}', 's.yaml:1:9: guests = a mapping, want a count, or a list of guests'],
    ['a text for a guest', 'guests:\n  - web', 's.yaml:2:5: guests[0] = web, want a mapping such as'],
    ['no guests', 'guests: []', 's.yaml:1:9: guests = a list of 0, want a count, or a list of guests'],
    [
      'too many virtual nodes of one guest',
      'vcpus: 2\nguests: [{vcpus: 3, vnodes: 3}, {vnodes: 4}]',
      's.yaml:2:9: guests: vm2 has 4 virtual nodes, want at most 2',
    ],
    ['a list for costs', 'costs: [1us]', 's.yaml:1:8: costs = a list of 1, want a mapping such as'],
    ['a cost out of range', 'costs:\n  exit: 1s', 's.yaml:2:9: costs.exit = 1s, want a time from 0 to 100ms'],
    ['an unknown cost', 'costs:\n  exti: 1us', 's.yaml:2:3: costs.exti: unknown, want context-switch, exit,'],
    ['an unknown word', 'seed: 1\nmemroy: 1GiB', 's.yaml:2:1: memroy: unknown, want machine, policy,'],
    ['an unknown word of a guest', 'guests: [{vcpu: 1}]', `s.yaml:1:11: guests[0].vcpu: unknown, want ${GUEST_WORDS}; did you mean vcpus?`],
    ['a camel-case word', 'hostNoise: 1', 's.yaml:1:1: hostNoise: unknown, want machine'],
    ['a name with a path', 'guests: [{name: ../../etc/x}]', 's.yaml:1:17: guests[0].name = ../../etc/x, want 1 to 64 of a-z'],
    [
      'two guests of one name',
      'guests: [{name: a2}, {name: a, count: 2}]',
      's.yaml:1:29: guests[1].name = a2, want a name that no other guest has',
    ],
    ['too many guests in sum', 'guests: [{count: 4000}, {count: 97}]', 's.yaml:1:9: guests: 4097 guests in all, want at most 4096'],
    ['too many vCPUs in sum', 'memory: 64MiB\nvcpus: 1024\nguests: 129', 'vCPUs in all'],
    ['a key twice', 'seed: 1\nvcpus: 2\nseed: 2', 's.yaml:3:1: seed: given twice, want it once'],
    ['__proto__', '__proto__: {vcpus: 3}', 's.yaml:1:1: __proto__: not a name that may be used'],
    ['__proto__ in JSON', '{"guests":[{"__proto__":{"vcpus":3}}]}', 's.yaml:1:13: __proto__: not a name that may be used'],
    ['constructor', 'constructor: 1', 's.yaml:1:1: constructor: not a name that may be used'],
    ['toString', 'toString: 1', 's.yaml:1:1: toString: unknown, want'],
    ['a merge key', 'a: &a {vcpus: 3}\n<<: *a', 's.yaml:1:1: a: unknown, want'],
    ['a cycle', 'guests: &g [*g]', 's.yaml:1:13: *g contains itself'],
    ['an alias without anchor', 'seed: *s', 's.yaml:1:7: *s has no anchor before it'],
    ['a tag', 'seed: !!js/function "x"', 's.yaml:1:7: not YAML: Unresolved tag'],
    ['a broken list', 'guests: [1', 's.yaml:1:11: not YAML: '],
    ['a list as a key', '? [a]\n: 1', 's.yaml:1:3: a key that is not a plain name, want a name'],
    ['two documents', 'seed: 1\n---\nseed: 2', 's.yaml:2:1: a second document, want one'],
    ['only a text', 'kernbench', 's.yaml:1:1: kernbench, want a mapping such as'],
    ['only a list', '- seed', 's.yaml:1:1: a list of 1, want a mapping such as'],
    ['an empty file', '', 's.yaml: empty, want a scenario such as'],
    ['only a comment', '# seed: 1\n', 's.yaml: empty, want a scenario such as'],
    ['flow nested 65 deep', `guests: ${'['.repeat(65)}`, 'nested deeper than 64, want a scenario'],
    ['flow nested 100,000 deep behind closing brackets in comments', '[ #]\n'.repeat(100_000), 'nested deeper than 64'],
    ['blocks nested 100,000 deep', '- '.repeat(100_000), 'nested deeper than 64'],
    ['keys nested 100,000 deep', '? '.repeat(100_000), 'nested deeper than 64'],
    ['more than 1 MiB', `# ${'x'.repeat(1024 ** 2)}`, 's.yaml: more than 1MiB, want a scenario'],
    ['a million scraps', '! '.repeat(500_000), 'too long by far'],
  ])('%s', (_, text, message) => {
    expect(refusal(() => fromFile(text))).toContain(message);
    expect(refusal(() => fromFile(text))).not.toContain('\n');
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test.each([11, 39])('%d lines of aliases that stand for 3^11 = 177,147 values and more are refused, not written out', (count) => {
    const lines = Array.from({ length: count }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`);
    expect(refusal(() => fromFile(['a0: &a0 x', ...lines].join('\n')))).toContain('more than 100000 values with aliases written out');
  });

  test('aliases of a few guests are followed', () => {
    const text = 'guests: [&g {vcpus: 3}, *g]';
    expect(fromFile(text).guests.map((guest) => [guest.name, guest.vcpus])).toEqual([
      ['vm1', 3],
      ['vm2', 3],
    ]);
  });

  test('line ends of either kind count the same', () => {
    expect(refusal(() => fromFile('seed: 1\r\nvcpus: 0\r\n'))).toContain('s.yaml:2:8: vcpus = 0');
  });
});

test('whatever stands in a file, it is a scenario or one line that says why not', () => {
  const word = fc.constantFrom('machine', 'policy', 'guests', 'vcpus', 'memory', 'costs', 'seed', '__proto__', 'constructor', 'x');
  const scalar = fc.oneof(
    fc.constantFrom('lopsided', 'drift:stay=1ms', 'stare', '3', '1GiB', '.inf', '1e999', '~', '!!int 3', '&a', '*a', '"', "'", '|', '>'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }).map((parts) => `[${parts.join(', ')}]`),
      fc
        .array(fc.tuple(word, tie('value')), { maxLength: 3 })
        .map((pairs) => `{${pairs.map(([key, part]) => `${key}: ${part}`).join(', ')}}`),
    ),
  }));
  const text = fc.array(fc.tuple(word, fc.constantFrom(': ', ':\n  - ', ':\n  vcpus: '), value), { maxLength: 5 });
  const property = fc.property(text, (lines) => {
    const yaml = lines.map((line) => line.join('')).join('\n');
    try {
      expect(fromFile(yaml).guests.length).toBeGreaterThan(0);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      expect(error.message).toMatch(/^[^\p{Cc}]{10,900}$/u);
    }
  });
  fc.assert(property, { numRuns: 500 }); // prints seed and path of a failure
});
