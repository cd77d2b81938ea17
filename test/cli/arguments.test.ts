import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commands as late } from '../../cli/commands/index.ts';
import { session } from './session.ts';

const commands = await Promise.all(late.map((command) => command.load()));

describe('a command line that is not understood ends with exit code 2 and one line, and nothing is run', () => {
  test.each([
    [
      'rnu',
      'rnu: no such command, want one of deck, run, compare, trace, explain, report, sweep, pack, verify, validate, experiment, check, policy, placement, workload, machine, guest; did you mean run?',
    ],
    [
      'policy lst',
      'policy lst: no such command, want one of policy list, policy show, policy new, policy check; did you mean policy list?',
    ],
    ['machine show', 'machine show: want NAME after it'],
    ['machine show lopside', 'machine show lopside: want one of lopsided, or a file such as ./host.yaml; did you mean lopsided?'],
    ['run fast', 'fast: one word too many for run'],
    ['--json run', '--json: want a command first, such as deck'],
    ['run --memmory 1GiB', '--memmory: no flag of run; did you mean --memory?'],
    ['run --seeds 3', '--seeds: no flag of run; did you mean --seed?'],
    ['run --seed', '--seed: want a value after it (whole number that all chance is drawn from)'],
    ['run --seed --json', '--seed: want a value after it (whole number that all chance is drawn from)'],
    ['run --seed 1 --seed 2', '--seed: given twice, want it once'],
    ['run --json=no', '--json: takes no value'],
    ['run --json maybe', 'maybe: one word too many for run'],
    ['run --no-json', '--no-json: no flag of run; did you mean --json?'],
    ['run -x', '-x: no flag of run'],
    ['run --', '--: no flag of run'],
    ['run --toString 3', '--toString: no flag of run'],
    ['run --hasOwnProperty=1', '--hasOwnProperty: no flag of run'],
    ['run --constructor.prototype.y 2', '--constructor.prototype.y: no flag of run'],
    ['run --__proto__.x 1', '--__proto__.x: no flag of run'],
    ['run --seed= ', '--seed = nothing, want a whole number of at most 20 digits such as 1'],
    ['run --memory -1', '--memory = -1, want a size from 64MiB to 16TiB such as 1GiB'],
    ['run --memory=-1', '--memory = -1, want a size from 64MiB to 16TiB such as 1GiB'],
    ['run --scenario /nonexistent.yaml', '--scenario = /nonexistent.yaml, want a file that can be read (ENOENT)'],
    [
      'help trcae',
      'trcae: no such command, want one of deck, run, compare, trace, explain, report, sweep, pack, verify, validate, experiment, check, policy, placement, workload, machine, guest; did you mean trace?',
    ],
    [
      'help policy lst',
      'policy lst: no such command, want one of policy list, policy show, policy new, policy check; did you mean policy list?',
    ],
    ['help machine show lopsided', 'lopsided: one word too many for help machine show'],
    ['help machine -1', '-1: one word too many for help machine'],
    ['help run --json', '--json: no flag of help'],
    ['help --version', '--version: no flag of help'],
    ['compare --policy drift', '--policy: given once, want two or more to compare'],
    ['compare --policy drift --policy drift:stay=20ms', '--policy = drift: given twice, want different policies'],
    ['compare --policy drift --policy pined', '--policy = pined, want one of drift, pinned; did you mean pinned?'],
    ['compare --policy drift --policy pinned --seeds 1', '--seeds = 1, want a whole number from 2 to 1000'],
    ['compare --policy drift --policy pinned --seeds 1e3', '--seeds = 1e3, want a whole number from 2 to 1000'],
  ])('%s', async (line, message) => {
    const { code, out, err, ran } = await session(line.trimEnd().split(' '));
    expect({ code, out, err, ran: ran.length }).toEqual({ code: 2, out: '', err: `${message}\n`, ran: 0 });
  });

  test('whatever is written, it is done or refused in one line', async () => {
    const token = fc.oneof(
      fc.constantFrom('help', ...commands.flatMap(({ name }) => name.split(' '))),
      fc.constantFrom(
        '--seed',
        '--json',
        '--policy',
        '--scenario',
        '--toString',
        '--__proto__',
        '--constructor=1',
        '--valueOf',
        '-',
        '--',
        '-1',
        '=',
      ),
      fc.constantFrom('drift', 'pinned', 'lopsided', '1GiB', '3', '-h', '--version', '--seed=7', '--guests=-3'),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.string({ maxLength: 6 }).map((text) => `--${text}`),
    );
    const words = fc
      .array(token, { maxLength: 5 })
      .filter(([first, second]) => first !== 'policy' || (second !== 'new' && second !== 'check')); // one writes a file, one runs
    const property = fc.asyncProperty(words, async (argv) => {
      const { code, err } = await session(argv);
      expect([0, 2]).toContain(code);
      expect(err).toMatch(code === 0 ? /^$/ : /^[^\p{Cc}]{5,900}\n$/u);
    });
    await fc.assert(property, { numRuns: 300 }); // prints seed and path of a failure
  });
});

describe('help', () => {
  test('lists the commands, also without any argument', async () => {
    const { code, out } = await session(['--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/130 +interrupted \(SIGINT\); a sweep keeps what was finished, nothing else does\n/);
    for (const { name } of commands) expect(out).toContain(`numalab ${name.split(' ')[0]}`);
    expect((await session([])).out).toBe(out);
  });

  test.each(commands.map(({ name }) => name))('of %s has its examples and flags', async (name) => {
    const command = commands.find((candidate) => candidate.name === name)!;
    const { code, out } = await session([...name.split(' '), '--help']);
    expect(code).toBe(0);
    for (const [line] of command.examples) expect(out).toContain(`\n  ${line}\n`);
    for (const flag of command.flags) expect(out).toContain(`--${flag.name}`);
    expect(await session(['help', ...name.split(' ')])).toEqual({ code, out, err: '', ran: [] });
  });

  test('of a group lists its members', async () => {
    const { out } = await session(['machine']);
    expect(out).toContain('numalab machine show');
    for (const line of ['machine --help', 'help machine']) expect((await session(line.split(' '))).out).toBe(out);
  });

  test('is also a word before what it is of', async () => {
    const { out } = await session(['--help']);
    for (const line of ['help', 'help -h', 'help --help']) expect((await session(line.split(' '))).out).toBe(out);
  });

  test('fits a terminal narrower than what the build writes', async () => {
    const columns = Object.getOwnPropertyDescriptor(process.stdout, 'columns');
    const longest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
    try {
      expect(longest((await session(['run', '--help'])).out)).toBeGreaterThan(100);
      Object.defineProperty(process.stdout, 'columns', { value: 80, configurable: true });
      expect(longest((await session(['run', '--help'])).out.split('\nExamples:')[0]!)).toBeLessThanOrEqual(80);
    } finally {
      if (columns) Object.defineProperty(process.stdout, 'columns', columns);
      else Reflect.deleteProperty(process.stdout, 'columns');
    }
  });

  test('the version is that of the package', async () => {
    expect(await session(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' });
  });
});

test('an internal error is one line with exit code 1, and --debug adds the stack', async () => {
  const run = (): never => {
    throw new TypeError('broken');
  };
  expect(await session(['run'], { run })).toMatchObject({
    code: 1,
    out: '',
    err: 'internal error: TypeError: broken; --debug shows where\n',
  });
  expect((await session(['run', '--debug'], { run })).err).toMatch(/TypeError: broken\n +at /);
});
