import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { everything } from '../../../experiments/everything.ts';
import { machineFileText } from '../../../experiments/machine-file-text.ts';
import { InputError } from '../../../experiments/input-error.ts';
import { Executor } from '../../../experiments/runs/execute.ts';
import { readPlan } from '../../../experiments/sweep/plan.ts';
import { writePlanned } from '../../../experiments/sweep/plan-folder.ts';
import { planned, type Planned } from '../../../experiments/sweep/planned.ts';
import { SweepFolder } from '../../../experiments/sweep/sweep-folder.ts';
import { GuardedRunner } from '../../../experiments/user-policy/guarded-runner.ts';
import { lopsided } from '../../../machines/lopsided.ts';

const home = mkdtempSync(join(tmpdir(), 'numalab-planned-'));
const runner = new GuardedRunner();
afterAll(async () => {
  await runner.close();
  rmSync(home, { recursive: true, force: true });
});

const CODE = '1.2.3+abc.node20';
const SMALL = 'machine: lopsided\nduration: 5ms\nmemory: 64MiB\n';

async function plan(text: string, { code = CODE, folder = home } = {}): Promise<Planned> {
  return planned(readPlan({ name: join(folder, 'plan.yaml'), text }), everything('1.2.3'), runner, code);
}

async function ids(text: string, options?: Parameters<typeof plan>[1]): Promise<string[]> {
  return (await plan(text, options)).manifest.runs.map(({ id }) => id);
}

async function refusal(text: string): Promise<string> {
  const error = await plan(text).then(() => null, (reason: unknown) => reason); // prettier-ignore
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message;
}

function policyText(sliceMs: number): string {
  return `// a comment says nothing
    import { compose, firstTouch, ms, roundRobin } from 'numalab/policy';
    export default {
      name: 'mine', summary: 's', source: 's', oracle: false,
      options: [{ name: 'slice', summary: 's', kind: 'time', default: ${sliceMs}e6, min: 1e6, max: 1e9 }],
      make({ slice }) { return compose('mine', { cpu: roundRobin(slice), memory: firstTouch() }); },
    };`;
}

const RT_APP = (runUs: number): string =>
  JSON.stringify({ tasks: { a: { loop: 2, run: runUs, sleep: 300 }, b: { loop: 2, run: 700, sleep: 100 } }, global: { duration: 1 } });

describe('an id', () => {
  const base = `${SMALL}policy: apart\nseed: 1\nguests: 2\n`;

  test('is that of the same words in another order, written otherwise, or from a grid', async () => {
    const [id] = await ids(base);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await ids(`guests: 2\nseed: 01\npolicy: apart\nmemory: 0.0625GiB\nduration: 5ms\nmachine: lopsided\n`)).toEqual([id]);
    expect(await ids(`${SMALL}grid: {seed: [1], guests: [2], policy: [apart]}`)).toEqual([id]);
    expect((await ids(`${SMALL}guests: 2\ngrid: {seed: 1..3, policy: [xl-credit, apart]}`))[1]).toBe(id);
  });

  test.each([
    ['the seed', base.replace('seed: 1', 'seed: 2')],
    ['a word', base.replace('5ms', '6ms')],
    ['the policy', base.replace('apart', 'xl-credit')],
    ['an option of it', base.replace('apart', 'apart:margin=0.3')],
    ['the workload', `${base}workload: kernbench\n`],
    ['a cost', `${base}costs: {hook: 51ns}\n`],
    ['the machine', base.replace('lopsided', 'uniform')],
  ])('changes with %s', async (_, text) => {
    expect(await ids(text)).not.toEqual(await ids(base));
  });

  test('changes with the code', async () => {
    expect(await ids(base, { code: '1.2.3+abd.node20' })).not.toEqual(await ids(base));
  });

  test('changes with what a policy of the user does, not with its comments or where it lies', async () => {
    const text = `${SMALL}grid: {policy: [./mine.ts, "./mine.ts:slice=30ms"]}`;
    writeFileSync(join(home, 'mine.ts'), policyText(20));
    const before = await ids(text);
    writeFileSync(join(home, 'mine.ts'), policyText(20).replace('says nothing', 'says as much'));
    expect(await ids(text)).toEqual(before);
    mkdirSync(join(home, 'elsewhere'));
    writeFileSync(join(home, 'elsewhere', 'mine.ts'), policyText(20));
    expect(await ids(text, { folder: join(home, 'elsewhere') })).toEqual(before);
    writeFileSync(join(home, 'mine.ts'), policyText(25));
    const after = await ids(text);
    expect(after.some((id) => before.includes(id))).toBe(false); // the source is another, also where an option is the same
  });

  test('changes with the rt-app file of its own run, and no other run', async () => {
    writeFileSync(join(home, 'one.json'), RT_APP(500));
    writeFileSync(join(home, 'two.json'), RT_APP(600));
    const text = 'machine: lopsided\ngrid: {workload: ["rt-app:one.json", "rt-app:two.json"]}';
    const [one, two] = await ids(text);
    writeFileSync(join(home, 'two.json'), RT_APP(650));
    expect(await ids(text)).toEqual([one, expect.not.stringMatching(two!)]);
  });
});

describe('a machine file', () => {
  const MACHINE = (name: string, clockGHz: number): string =>
    machineFileText({ ...lopsided, name, clockGHz: { value: clockGHz, source: 's' } });

  test('is part of the ids of its own runs, and of no others', async () => {
    writeFileSync(join(home, 'fast.yaml'), MACHINE('fast', 3.1));
    writeFileSync(join(home, 'slow.yaml'), MACHINE('slow', 1.3));
    const text = 'duration: 5ms\nmemory: 64MiB\ngrid: {machine: [fast.yaml, ./slow.yaml, lopsided]}';
    const [fast, slow, preset] = await ids(text);
    writeFileSync(join(home, 'slow.yaml'), MACHINE('slow', 1.4));
    expect(await ids(text)).toEqual([fast, expect.not.stringMatching(slow!), preset]);
    expect(await refusal('grid: {machine: [./nowhere.yaml]}')).toMatch(/machine = .*nowhere\.yaml, want a file that can be read/);
  });

  test('goes with the folder, which gives the same when the file is gone', async () => {
    const place = join(home, 'machines');
    mkdirSync(place);
    writeFileSync(join(place, 'own.yaml'), MACHINE('own', 2.2));
    const folder = writePlanned(join(home, 'machine-sweep'), await plan('list:\n- {machine: own.yaml, duration: 5ms, memory: 64MiB}', { folder: place })); // prettier-ignore
    const before = await new Executor(everything('1.2.3'), runner).execute(folder.orderOf(0));
    rmSync(place, { recursive: true });
    const after = await new Executor(everything('1.2.3'), runner).execute(SweepFolder.open(join(home, 'machine-sweep')).orderOf(0));
    expect(after).toEqual(before);
    expect(after).toMatchObject({ machine: 'own', status: 'ok' });
  });
});

describe('a planned folder', () => {
  const text = `${SMALL}workload: kernbench:jobs=4\ngrid: {policy: [./own.ts, apart], policy.slice: [10ms]}`;

  test('holds all that its runs need: they give the same after plan, policy and files are gone', async () => {
    const place = join(home, 'study');
    mkdirSync(place);
    writeFileSync(join(place, 'own.ts'), policyText(20));
    writeFileSync(join(place, 'tasks.json'), RT_APP(500));
    const folder = writePlanned(
      join(home, 'sweep'),
      await plan(`list:\n- {policy: ./own.ts, policy.slice: 3ms, machine: lopsided, memory: 64MiB, duration: 5ms}\n- {workload: "rt-app:tasks.json", machine: uniform}\n- {machine: lopsided, policy: apart, policy.margin: 0.4, memory: 64MiB, duration: 5ms, costs: {hook: 1us}}`, { folder: place }), // prettier-ignore
    );
    const executor = new Executor(everything('1.2.3'), runner);
    const before = [];
    for (const index of [0, 1, 2]) before.push(await executor.execute(folder.orderOf(index)));
    renameSync(join(home, 'sweep'), join(home, 'moved'));
    rmSync(place, { recursive: true });
    const moved = SweepFolder.open(join(home, 'moved'));
    const fresh = new Executor(everything('1.2.3'), runner);
    const after = [];
    for (const index of [0, 1, 2]) after.push(await fresh.execute(moved.orderOf(index)));
    expect(after).toEqual(before);
    expect(after.map(({ policy, workload, status }) => [policy, workload, status])).toEqual([
      ['./own.ts:slice=3ms', expect.any(String), 'ok'],
      [expect.any(String), 'rt-app:tasks.json', 'ok'],
      ['apart:margin=0.4', expect.any(String), 'ok'],
    ]);
    expect(after[2]!.setting.costs.hookNs).toBe(1000);
  });

  test('planned again is not written again; with another plan it keeps the results', async () => {
    const path = join(home, 'again');
    const first = `${SMALL}grid: {seed: 1..3}`;
    const folder = writePlanned(path, await plan(first));
    const executor = new Executor(everything('1.2.3'), runner);
    for (const index of [0, 2]) folder.put(index, await executor.execute(folder.orderOf(index)));
    const file = join(path, 'manifest.json');
    const bytes = readFileSync(file);
    const { ino } = statSync(file);
    const { manifest, inputs } = await plan(first);
    writePlanned(path, { manifest: { ...manifest, commit: 'another', host: { node: 'another' } }, inputs });
    expect([readFileSync(file).equals(bytes), statSync(file).ino]).toEqual([true, ino]); // a file renamed over it is another
    const other = writePlanned(path, await plan(`${SMALL}grid: {seed: 2..4}`));
    expect(other.manifest.runs.map((_, index) => other.stateOf(index))).toEqual(['missing', 'done', 'missing']);
    expect(readdirSync(join(path, 'runs'))).toHaveLength(2);
  });

  test('with a damaged or missing input, or a damaged manifest, is written again', async () => {
    const path = join(home, 'mended');
    writeFileSync(join(home, 'own.ts'), policyText(20));
    const made = await plan(text.replace('[./own.ts, apart]', '[./own.ts]'));
    const folder = writePlanned(path, made);
    const executor = new Executor(everything('1.2.3'), runner);
    const result = await executor.execute(folder.orderOf(0));
    const [input] = readdirSync(join(path, 'inputs'));
    writeFileSync(join(path, 'inputs', input!), 'torn');
    writePlanned(path, made);
    expect(await executor.execute(SweepFolder.open(path).orderOf(0))).toEqual(result);
    writeFileSync(join(path, 'manifest.json'), '{"schemaVersion": 1,');
    writePlanned(path, made);
    expect(SweepFolder.open(path).manifest.runs).toEqual(made.manifest.runs);
  });
});

describe('a run that cannot be', () => {
  test('is told with its place in the plan, its index and its words', async () => {
    expect(await refusal(`${SMALL}grid:\n  policy: [apart, appart]\n  seed: [1, 2]`)).toMatch(
      /plan\.yaml:5:19: grid\.policy\[1\]: policy = appart, want one of .*; did you mean apart\? \(run 2: policy appart, seed 1\)$/,
    );
    expect(await refusal(`${SMALL}list:\n- {guests: 3}\n- {costs: {hook: 2s}}`)).toMatch(
      /plan\.yaml:6:18: list\[1\]\.costs\.hook: costs\.hook = 2s, want a time from 0 to 100ms such as 20ms \(run 1: costs\.hook 2s\)$/,
    );
    expect(await refusal(`${SMALL}grid: {guests: [1, [{name: A}]]}`)).toMatch(
      /plan\.yaml:4:20: grid\.guests\[1\]: guests\[0\]\.name = A, want /,
    );
    expect(await refusal('memory: 63MiB\ngrid: {seed: [1, 2]}')).toMatch(
      /plan\.yaml:1:9: memory = 63MiB, want a size from 64MiB .*\(run 0: seed 1\)$/,
    );
    expect(await refusal('policy: appart')).toMatch(/plan\.yaml:1:9: policy = appart, want one of [^(]*did you mean apart\?$/);
  });

  test('because two words of it do not go together, or it is there already, is told too', async () => {
    expect(await refusal(`machine: lopsided\ngrid: {guests: [1, 4000], memory: [1GiB]}`)).toMatch(
      /4000 guests of .*\(run 1: guests 4000, memory 1GiB\)$/,
    );
    expect(await refusal(`${SMALL}grid: {seed: [1, 2, 01]}`)).toMatch(
      /plan\.yaml:1:1: run 2 is run 0 again \(seed 01\), want each run once$/,
    );
    expect(await refusal(`${SMALL}policy: apart\ngrid: {policy.margin: [0.1, -1]}`)).toMatch(
      /plan\.yaml:5:29: grid\.policy\.margin\[1\]: policy = apart:margin=-1, want for margin /,
    );
    expect(await refusal(`${SMALL}policy: "apart:margin=0.2"\ngrid: {policy.margin: [0.1]}`)).toMatch(/want option margin once/);
  });

  test('because a file it names is not there, or is no policy, is told by the file', async () => {
    expect(await refusal(`${SMALL}grid: {policy: [apart, ./nowhere.ts]}`)).toMatch(/nowhere\.ts: want a policy file that can be read$/);
    writeFileSync(join(home, 'vm.xml'), '<domain/>');
    expect(await refusal(`${SMALL}grid: {policy: [./vm.xml]}`)).toMatch(
      /vm\.xml: want a policy in TypeScript or JavaScript, such as \.\/mine\.ts$/,
    );
    writeFileSync(join(home, 'none.ts'), 'export const x = 1;');
    expect(await refusal(`${SMALL}grid: {policy: [./none.ts]}`)).toMatch(/^\.\/none\.ts: .*want a policy/);
    expect(await refusal('grid: {workload: ["rt-app:nowhere.json"]}')).toMatch(/nowhere\.json, want a file that can be read/);
  });
});

test('a policy of the user runs on programs from a file, and files of other words make other runs', async () => {
  writeFileSync(join(home, 'own.ts'), policyText(20));
  writeFileSync(join(home, 'tasks.json'), RT_APP(500));
  writeFileSync(join(home, 'more.json'), RT_APP(800));
  const text = 'machine: lopsided\npolicy: ./own.ts\ngrid: {workload: ["rt-app:tasks.json", "rt-app:more.json"]}';
  const folder = writePlanned(join(home, 'own-files'), await plan(text));
  const executor = new Executor(everything('1.2.3'), runner);
  const [first, second] = [await executor.execute(folder.orderOf(0)), await executor.execute(folder.orderOf(1))];
  expect([first, second].map(({ status, policy }) => [status, policy])).toEqual([['ok', './own.ts'], ['ok', './own.ts']]); // prettier-ignore
  // two loops of 500 or 800 us, and two of 700
  expect([first, second].map(({ guests }) => guests[0]!.threads!.map(({ figures }) => figures.loops))).toEqual([[2, 2], [2, 2]]); // prettier-ignore
  expect(first.hash).not.toBe(second.hash);
});

describe('draws that come out the same twice', () => {
  const drawn = (extra: string, words = ''): string =>
    `${SMALL}${extra}random: {count: 4, words: {guests: {from: 1, to: 2, whole: true}${words}}}`;

  test('are refused with what helps: fewer or other draws, or a drawn seed', async () => {
    // Four draws of two values: some value comes twice, whatever the seed.
    expect(await refusal(drawn(''))).toMatch(
      /, want each run once; random drew the same twice: draw fewer or with another random\.seed, or draw a seed for each as well \(seed: \{from: 1, to: 1000000, whole: true\}\)$/,
    );
    expect(await refusal(drawn('seed: 7\n'))).toMatch(/draw fewer or with another random\.seed$/);
  });

  test('are apart with the drawn seed of the hint', async () => {
    expect(new Set(await ids(drawn('', ', seed: {from: 1, to: 1000000, whole: true}'))).size).toBe(4);
  });
});
