import { InputError, show } from '../../experiments/input-error.ts';
import { wantOneOf } from '../../experiments/named-options.ts';
import { checkNoInput } from '../../experiments/no-input.ts';
import { type Tool, TOOLS } from '../../experiments/placement/memory-rule.ts';
import { type PlacementExport, placementExport as exportOf } from '../../experiments/placement/placement-export.ts';
import type { Moment } from '../../experiments/placement/placed-guests.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { checkWritable, writeWhole } from '../../experiments/store.ts';
import { type Call, type Command, DONE, FAILED, type Flag, JSON_FLAG, SCENARIO_FLAG, WORD_FLAGS } from '../command.ts';
import { exitText } from '../exit-text.ts';
import { placementText, toolText } from '../placement-text.ts';
import { reproduction } from '../reproduction.ts';
import { policiesOf, sourceOf } from '../scenario-call.ts';
import { ISOLATE_FLAG, withUserPolicies } from '../user-policies.ts';

const MOMENTS = ['start', 'end'] as const;
const FLAGS: readonly Flag[] = [
  { name: 'as', summary: `one tool's text alone: ${TOOLS.join(', ')}; without it all, after a table of each guest`, kind: 'text' },
  {
    name: 'at',
    summary: 'CPUs as the policy held guests when they came (start), or when the run ended (end)',
    kind: 'text',
    default: 'start',
  },
  { name: 'guest', summary: 'this guest alone, by its name', kind: 'text' },
  { name: 'out', summary: 'file for it, in place of standard output', kind: 'text' },
];

export const placementExport: Command = {
  name: 'placement export',
  summary: 'simulate one scenario and write where the policy put its guests: a table, numactl, QEMU, libvirt and xl',
  flags: [...WORD_FLAGS, SCENARIO_FLAG, ...FLAGS, ISOLATE_FLAG, JSON_FLAG],
  examples: [
    [
      'numalab placement export --policy kvm-numactl --workload lmbench-rd --guests 7 --memory 2GiB',
      'what went where, and how to do it by hand',
    ],
    ['numalab placement export --policy libvirt:vcpupin=yes --workload kernbench --guests 4 --as libvirt', 'XML fragments of four domains'],
    ['numalab placement export --policy xl-credit2 --workload kernbench --guests 3 --as xl --guest vm2', 'xl.cfg lines of one guest'],
    ['numalab placement export --policy numad --scenario mixed.yaml --at end --json', 'what a daemon made of it, as JSON'],
  ],
  run(call, lab, terminal) {
    const source = sourceOf(call);
    const { as, at, out } = wordsOf(call);
    if (out !== null) checkNoInput(out, '--out', source.file ? [source.file.name] : []);
    if (out !== null) checkWritable(out, '--out');
    return withUserPolicies(call, lab, terminal, policiesOf(source), async (user) => {
      const scenario = { ...readScenario(source, user.lab), tellsPlaces: true };
      const guest = guestOf(
        call.texts.guest,
        scenario.guests.map(({ name }) => name),
      );
      const recording = await user.run(scenario);
      const all = exportOf(scenario, recording, at);
      const told = guest === null ? all : { ...all, guests: all.guests.filter(({ name }) => name === guest) };
      const text = call.switches.has('json') ? jsonText(told, as, lab.version) : as === null ? placementText(told) : toolText(told, as);
      if (out === null) terminal.out(text);
      else writeWhole(out, text);
      if (recording.exit) terminal.err(exitText(told.policy, recording.exit, reproduction(call, told.policy, scenario.seed)));
      else if (recording.status !== 'ok') terminal.err(`${recording.status}: ${recording.message ?? ''}\n`);
      return recording.status === 'ok' ? DONE : FAILED;
    });
  },
};

function wordsOf({ texts }: Call): { as: Tool | null; at: Moment; out: string | null } {
  return {
    as: texts.as === undefined ? null : oneOf('--as', texts.as, TOOLS),
    at: oneOf('--at', texts.at ?? 'start', MOMENTS),
    out: texts.out ?? null,
  };
}

function oneOf<Word extends string>(flag: string, text: string, words: readonly Word[]): Word {
  return words.find((word) => word === text) ?? fail(`${flag} = ${show(text)}, ${wantOneOf(text, words)}`);
}

function guestOf(text: string | undefined, names: readonly string[]): string | null {
  return text === undefined || names.includes(text) ? (text ?? null) : fail(`--guest = ${show(text)}, ${wantOneOf(text, names)}`);
}

function fail(said: string): never {
  throw new InputError(said);
}

function jsonText({ host, ...told }: PlacementExport, as: Tool | null, version: string): string {
  const guests = told.guests.map(({ commands, description, rule, ...guest }) => ({
    ...guest,
    kind: guest.isBare ? 'bare' : description.kind,
    memoryBytes: description.memoryBytes,
    memory: rule,
    commands: as === null ? commands : { [as]: commands[as] },
  }));
  const ids = { ofOperatingSystem: host.areSaid, nodes: host.nodes };
  return `${JSON.stringify({ schemaVersion: 1, version, ...told, ids, guests }, null, 2)}\n`;
}
