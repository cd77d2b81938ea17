import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../../cli/command.ts';
import { commands } from '../../cli/commands/index.ts';
import { lab } from '../../cli/lab.ts';
import { numalab } from '../../cli/numalab.ts';
import { InputError } from '../../experiments/input-error.ts';
import { tally } from '../tally.ts';

/**
 * Whatever is given, it is done or refused: with an exit code that says which, in lines that a terminal can be shown, in little time, and
 * without a trace in the program itself. Nothing is simulated: what a scenario costs is not what is asked here.
 */
const here: Lab = {
  ...lab('1.2.3'),
  run() {
    throw new InputError('the engine is not reached here');
  },
};

const folder = mkdtempSync(join(tmpdir(), 'numalab-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Of CPU time, which other programs do not lengthen. */
const MOST_MS = 2_000;
let tried = 0;
let ill = 0;
let longestMs = 0;
afterAll(() =>
  tally('hostile', {
    'bad inputs tried': tried,
    'bad inputs that crashed it': ill,
    'longest answer in ms of CPU time': Math.ceil(longestMs),
  }),
);

const SCENARIO = `machine: opteron-6164-4s
policy: apart:stay=20ms
duration: 10s
seed: 42
costs: { hook: 200ns }
guests:
  - { workload: "kernbench:jobs=200,j=2", vcpus: 2, memory: 2GiB, arrives: 1s, kind: kvm }
  - &two { workload: lmbench-rd, weight: 512, vnodes: 2 }
  - *two
`;
const PLAN = `machine: lopsided
workload: lmbench-rd
memory: 256MiB
duration: 5ms
grid: { policy: [apart, kvm-unpinned], guests: [1, 2], seed: [1, 2, 3] }
`;

describe('a hostile', () => {
  let sweep = '';
  let manifest = '';
  let resultFile = '';
  let result = '';
  let pack = Buffer.alloc(0);

  beforeAll(async () => {
    sweep = join(folder, 'sweep');
    const real = lab('1.2.3');
    expect((await answered(['sweep', 'plan', fileOf('plan.yaml', PLAN), '--out', sweep], real)).code).toBe(0);
    expect((await answered(['sweep', 'exec', sweep, '--index', '0'], real)).code).toBe(0);
    expect((await answered(['pack', sweep, '--partial', '--out', join(folder, 'sound.tar.gz')], real)).code).toBe(0);
    pack = readFileSync(join(folder, 'sound.tar.gz'));
    manifest = readFileSync(join(sweep, 'manifest.json'), 'utf8');
    resultFile = join(sweep, 'runs', `${(JSON.parse(manifest) as { runs: { id: string }[] }).runs[0]!.id}.json`);
    result = readFileSync(resultFile, 'utf8');
    // What is hashed anew without a change is what was there, so that what is changed gets past the hash.
    expect(hashedManifest(plainManifest())).toBe(manifest);
    expect(hashedResult(plainResult())).toBe(result);
  });

  const plainManifest = (): string => `${manifest.slice(0, manifest.indexOf(',\n "sha256": "', manifest.length - 100))}}`;
  const plainResult = (): string => `${result.slice(0, result.lastIndexOf(',"sha256":"'))}}`;

  test('scenario is refused or sound', () =>
    holds(bytesLike(SCENARIO), 500, (bytes) => ['check', '--scenario', fileOf('scenario.yaml', bytes)]));

  test('plan is refused or counted out', () =>
    holds(bytesLike(PLAN), 300, (bytes) => ['sweep', 'plan', fileOf('hostile-plan.yaml', bytes), '--dry-run']));

  test('manifest is refused or looked at, also if its hash fits', () =>
    holds(fc.tuple(treeLike(plainManifest()), fc.boolean(), bytesLike(manifest)), 400, ([tree, isHashed, bytes]) => {
      writeFileSync(join(sweep, 'manifest.json'), isHashed ? hashedManifest(tree) : bytes);
      return ['sweep', ...(tree.length % 2 === 0 ? ['status', sweep] : ['exec', sweep, '--index', '0'])];
    }).then(() => writeFileSync(join(sweep, 'manifest.json'), manifest)));

  test('result is damaged or looked at, also if its hash fits', () =>
    holds(fc.tuple(treeLike(plainResult()), fc.nat(5), bytesLike(result)), 500, ([tree, choice, bytes]) => {
      const isMerged = choice < 2; // tables believe the fields of what has the right hash
      writeFileSync(resultFile, choice % 2 === 0 && !isMerged ? hashedResult(tree) : bytes);
      if (isMerged) return ['sweep', 'merge', sweep, '--partial'];
      return choice < 4 ? ['sweep', 'status', sweep] : ['sweep', 'exec', sweep, '--index', '0'];
    }).then(() => writeFileSync(resultFile, result)));

  test('pack is refused or looked at, also inside of its compression', () =>
    holds(
      fc.tuple(fc.boolean(), bytesLike(pack.toString('latin1'), 'latin1'), bytesLike(gunzipSync(pack).toString('latin1'), 'latin1')),
      300,
      ([isInside, outer, inner]) => {
        return ['verify', fileOf('hostile.tar.gz', isInside ? gzipSync(inner) : outer), '--runs', '1'];
      },
    ));

  test('command line is refused or done', async () => {
    const known = await Promise.all(commands.map((one) => one.load()));
    const token = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...commands.flatMap(({ name }) => name.split(' '))) },
      { weight: 3, arbitrary: fc.constantFrom(...known.flatMap(({ flags }) => flags.map(({ name }) => `--${name}`))) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          '--toString',
          '--__proto__.polluted=1',
          '--constructor.prototype.polluted',
          '-',
          '--',
          '-1',
          '=',
          '--no-json',
        ),
      },
      { weight: 2, arbitrary: nasty },
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({ maxLength: 8 }).map((text) => `--${text}`),
    );
    const argv = fc
      .array(token, { maxLength: 7 })
      .map((words) => words.filter((word) => !['--out', 'new', 'deck', 'validate', 'report', 'pack'].includes(word.split('=')[0]!))); // write files, or need the engine
    return holds(argv, 600, (words) => words);
  });
});

/** Runs a command line for each of many inputs. fast-check prints the seed and the path of one that fails, and shortens it. */
async function holds<Input>(inputs: fc.Arbitrary<Input>, numRuns: number, argvOf: (input: Input) => readonly string[]): Promise<void> {
  const property = fc.asyncProperty(inputs, async (input) => {
    const argv = argvOf(input);
    tried++;
    ill++; // until it has shown otherwise
    const { code, err, cpuMs } = await answered(argv);
    longestMs = Math.max(longestMs, cpuMs);
    expect(argv[1] === 'exec' ? [0, 1, 2, 3, 75] : [0, 1, 2, 3]).toContain(code);
    if (code !== 0 && code !== 1) expect(err).not.toBe('');
    expect(err).not.toMatch(/^\s+at |internal error/m);
    expect(err).toMatch(/^(?:[^\p{Cc}\p{Cf}\u2028\u2029]*\n)*$/u);
    expect(cpuMs).toBeLessThan(MOST_MS);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
    ill--;
  });
  await fc.assert(property, { numRuns });
}

async function answered(argv: readonly string[], of = here): Promise<{ code: number; err: string; cpuMs: number }> {
  let err = '';
  const before = process.cpuUsage();
  const code = await numalab(argv, of, { out: () => {}, err: (text) => void (err += text), progress: () => {}, width: 100 });
  const { user, system } = process.cpuUsage(before);
  return { code, err, cpuMs: (user + system) / 1_000 };
}

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const nasty: fc.Arbitrary<string> = fc.constantFrom(
  '__proto__',
  '{"__proto__": {"polluted": 1}}',
  'constructor.prototype.polluted',
  '../../../../etc/passwd',
  '/dev/zero',
  '\0',
  '.nan',
  '-.inf',
  '1e999',
  '-1',
  '0',
  '9007199254740993',
  '99999999999999999999999',
  '[[[[[[[[',
  '&a [*a]',
  '!!js/function "x"',
  '<<: *two',
  '\u202e',
  '\u001b[31m',
  '<script>alert(1)</script>',
  '=cmd()',
  '${x}',
  'x'.repeat(5_000),
  '1'.repeat(400),
  'ü\ud800',
  'null',
  '"',
  '- - - -',
  '? : ?',
  'grid: {seed: {from: 1, to: 1e9}}',
  'random: {count: 1000000000, seed: 1}',
  'CON',
);

/** A text with a few edits, as bytes, some of which are no UTF-8. */
function bytesLike(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    at: fc.nat(text.length),
    length: fc.oneof(fc.constant(0), fc.nat(12), fc.nat(text.length)),
    put: fc.oneof(
      nasty.map((put) => Buffer.from(put)),
      fc.string({ unit: 'binary', maxLength: 8 }).map((put) => Buffer.from(put)),
      fc.uint8Array({ maxLength: 6 }),
      fc.constant(Buffer.alloc(0)),
      fc.nat(text.length).map((from) => Buffer.from(text.slice(from, from + 30), encoding)),
    ),
  });
  const edited = fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let bytes: Uint8Array = Buffer.from(text, encoding);
    for (const { at, length, put } of edits) {
      bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(Math.min(bytes.length, at + length))]);
    }
    return bytes;
  });
  return fc.oneof(
    { weight: 8, arbitrary: edited },
    fc.uint8Array({ maxLength: 60 }),
    nasty.map((put) => Buffer.from(put)),
  );
}

/** JSON in which a few values are others, or gone. */
function treeLike(json: string): fc.Arbitrary<string> {
  const value = fc.oneof(
    nasty.map((text) => JSON.stringify(text)),
    fc.constantFrom(
      'null',
      '1',
      '-1',
      '1e308',
      '[]',
      '{}',
      'true',
      '[[[[]]]]',
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
    ),
  );
  const steps = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 5 });
  return fc.array(fc.tuple(steps, value), { minLength: 1, maxLength: 3 }).map((edits) => {
    const root: unknown = JSON.parse(json);
    for (const [path, put] of edits) replaceAt(root, path, JSON.parse(put));
    return JSON.stringify(root);
  });
}

/** Walks down as long as there is something inside, and puts a value there. */
function replaceAt(root: unknown, path: readonly number[], value: unknown): void {
  let inside = root as Record<string, unknown>;
  for (const [depth, step] of path.entries()) {
    const names = Object.keys(inside);
    if (names.length === 0) return;
    const name = names[step % names.length]!;
    const next = inside[name];
    if (depth === path.length - 1 || typeof next !== 'object' || next === null) {
      inside[name] = value;
      return;
    }
    inside = next as Record<string, unknown>;
  }
}

function hashedManifest(json: string): string {
  const text = JSON.stringify(JSON.parse(json), null, 1).replace(/\n?\}$/, '');
  return `${text},\n "sha256": "${sha256(text)}"\n}\n`;
}

function hashedResult(json: string): string {
  const text = json.slice(0, -1);
  return `${text},"sha256":"${sha256(text)}"}\n`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
