import { extname } from 'node:path';
import { InputError, show } from '../../experiments/input-error.ts';
import { didYouMean } from '../../experiments/nearest-name.ts';
import { checkWritable } from '../../experiments/store.ts';
import { type TraceFormat, traceFormats } from '../../experiments/trace-formats.ts';
import { parseQuantity, wantQuantity } from '../../experiments/quantities.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { writeTrace } from '../../experiments/write-trace.ts';
import { formatNs } from '../../report/format.ts';
import { type Call, type Command, DONE, FAILED, type Flag, SCENARIO_FLAG, WORD_FLAGS } from '../command.ts';
import { shellWord } from '../command-line.ts';
import { exitText } from '../exit-text.ts';
import { interruptible } from '../interruptible.ts';
import { reproduction } from '../reproduction.ts';
import { policiesOf, sourceOf } from '../scenario-call.ts';
import { withUserPolicies } from '../user-policies.ts';

const LEAST_LOOK_NS = 1_000;
const DEFAULTS: Readonly<Record<string, string>> = { looks: '10ms', from: '0' };
const FLAGS: readonly Flag[] = [
  { name: 'out', summary: 'file to write', kind: 'text' },
  {
    name: 'format',
    summary: `${traceFormats.map(({ name, extensions }) => `${name} (${extensions.join(', ')})`).join(', ')}; left out: by the end of the file's name`,
    kind: 'text',
  },
  {
    name: 'looks',
    summary: 'how often to write what controllers and links carry, and where memory is; 0 for never',
    kind: 'text',
    default: DEFAULTS.looks!,
  },
  { name: 'from', summary: 'simulated time from which on to write', kind: 'text', default: DEFAULTS.from! },
  { name: 'to', summary: 'simulated time up to which to write; the run ends soon after; left out: its end', kind: 'text' },
];

export const trace: Command = {
  name: 'trace',
  summary: 'run one scenario and write what runs where and when, for Perfetto and other viewers',
  flags: [...WORD_FLAGS, SCENARIO_FLAG, ...FLAGS],
  examples: [
    ['numalab trace --policy kvm-unpinned --workload kernbench --guests 7 --out kernbench.pftrace', 'to open at ui.perfetto.dev'],
    [
      'numalab trace --policy autonuma --workload lmbench-rd --guests 7 --from 2s --to 3s --looks 5ms --out rd.json',
      'one second, for Chrome',
    ],
    [
      'numalab trace --policy ./mine.ts:slice=5ms --workload kernbench --out mine.pftrace',
      'a policy of your own (numalab policy new mine)',
    ],
  ],
  run(call, lab, terminal) {
    const source = sourceOf(call);
    const { out } = call.texts;
    if (out === undefined) throw new InputError('--out is missing, want a file to write');
    if (out === '-') throw new InputError('--out = -, want a file to write: a trace does not go to standard output');
    const format = formatOf(call, out);
    const { looks: lookEveryNs, from: fromNs, to: toNs } = timesOf(call);
    return withUserPolicies(call, lab, terminal, policiesOf(source), async (user) => {
      const scenario = readScenario(source, user.lab);
      checkWritable(out, '--out');
      const { result, code } = await interruptible((stop) =>
        writeTrace(out, (descriptor) => user.trace(scenario, { descriptor, format: format.name, lookEveryNs, fromNs, toNs }, stop), {
          stop,
          end: () => user.end(),
        }),
      );
      if (code !== null) return code;
      const { recording, traced } = result!;
      if (traced) {
        const { events, looks, bytes } = traced;
        const count = (number: number): string => number.toLocaleString('en-US');
        terminal.out(`${out}: ${format.name}, ${count(events)} events and ${count(looks)} looks in ${count(bytes)} bytes, of ${formatNs(recording.simulatedNs)} simulated\n`); // prettier-ignore
        if (events > 0) terminal.out(`${format.opens(shellWord(out))}\n`);
        else terminal.err(`no event from ${formatNs(fromNs)} on; the run ended at ${formatNs(recording.simulatedNs)}\n`);
      } else terminal.err(`${out}: the thread of the policy had to be ended, no trace is written\n`);
      if (recording.exit)
        terminal.err(exitText(scenario.policy.name, recording.exit, reproduction(call, scenario.policy.name, scenario.seed)));
      else if (recording.status !== 'ok') terminal.err(`${recording.status}: ${recording.message}\n`);
      return recording.status === 'ok' ? DONE : FAILED;
    });
  },
};

function formatOf({ texts }: Call, out: string): TraceFormat {
  const names = traceFormats.map(({ name }) => name);
  const { format } = texts;
  if (format !== undefined) {
    const chosen = traceFormats.find(({ name }) => name === format);
    if (chosen) return chosen;
    throw new InputError(`--format = ${show(format)}, want one of ${names.join(', ')}${didYouMean(format, names)}`);
  }
  const chosen = traceFormats.find(({ extensions }) => extensions.includes(extname(out)));
  if (chosen) return chosen;
  const ends = traceFormats.flatMap(({ extensions }) => extensions);
  throw new InputError(`--out = ${show(out)}, want a name that ends with ${ends.join(', ')}, or --format`);
}

function timesOf({ texts }: Call): { looks: number; from: number; to: number } {
  const time = (name: string, least: number): number => {
    const text = texts[name] ?? DEFAULTS[name]!;
    const ns = parseQuantity('time', text);
    if (ns !== null && (ns >= least || (name === 'looks' && ns === 0))) return ns;
    throw new InputError(`--${name} = ${show(text)}, want ${name === 'looks' ? '0 or ' : ''}${wantQuantity('time', least, Infinity)}`);
  };
  const from = time('from', 0);
  return { looks: time('looks', LEAST_LOOK_NS), from, to: texts.to === undefined ? Infinity : time('to', from + 1) };
}
