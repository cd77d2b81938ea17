import { type Check, contractOf } from '../../experiments/contract/contract.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { parseNamed } from '../../experiments/named-options.ts';
import { fileOfWord, isPolicyFile, loadPolicy } from '../../experiments/user-policy/load.ts';
import { GuardedRunner } from '../../experiments/user-policy/guarded-runner.ts';
import { typeErrors } from '../../experiments/user-policy/type-check.ts';
import { policySource } from '../../experiments/user-policy/user-policy.ts';
import { counted, plainText } from '../../report/format.ts';
import { table } from '../../report/table.ts';
import type { OptionValues } from '../../sim/options.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import { type Command, DONE, FAILED, JSON_FLAG } from '../command.ts';
import { ISOLATE_FLAG } from '../user-policies.ts';

const MOST_ERRORS = 20;

export const policyCheck: Command = {
  name: 'policy check',
  summary: 'hold a policy to the contract that all must keep: FILE of your own, types first, or one of policy list by its name',
  operands: ['FILE'],
  flags: [ISOLATE_FLAG, JSON_FLAG],
  examples: [
    ['numalab policy check ./mine.ts', 'does it compile, and keep what every policy must?'],
    ['numalab policy check ./mine.ts:slice=1ms --json', 'with an option, as JSON'],
  ],
  async run(call, lab, terminal) {
    const word = call.operands[0]!;
    const isFile = isPolicyFile(word);
    const runner = new GuardedRunner({ isIsolated: call.switches.has('isolate'), log: (text) => terminal.err(text) });
    try {
      const name = fileOfWord(word);
      const types = isFile ? typesOf(name) : null;
      const loaded = isFile ? [await loadPolicy(name, runner)] : lab.policies;
      const { entry, options } = named(word, loaded);
      terminal.progress('running the contract');
      const kept = isFile
        ? await contractOf(entry, options, (scenario, isTwice) => runner.run(scenario, isTwice))
        : await contractOf(entry, options);
      terminal.progress('');
      const checks = types ? [types.check, ...kept] : kept;
      const isSound = checks.every(({ outcome }) => outcome !== 'fail');
      if (call.switches.has('json')) {
        const { summary, source, oracle } = entry;
        terminal.out(
          `${JSON.stringify({ schemaVersion: 1, policy: word, policySource: policySource(entry), summary, source, oracle, sound: isSound, checks }, null, 2)}\n`,
        );
      } else {
        for (const error of types?.errors.slice(0, MOST_ERRORS) ?? []) terminal.err(`${plainText(error)}\n`);
        terminal.out(
          `${table(
            ['check', 'outcome', 'shown by'],
            checks.map(({ name: what, outcome, detail }) => [what, outcome, plainText(detail)]),
          )}\n`,
        );
      }
      return isSound ? DONE : FAILED;
    } finally {
      await runner.close();
    }
  },
};

function typesOf(file: string): { check: Check; errors: readonly string[] } {
  const errors = typeErrors(file);
  const detail = errors.length === 0 ? 'strict, no error' : `${counted(errors.length, 'error')}, the first: ${errors[0]}`;
  return { check: { name: 'types', outcome: errors.length === 0 ? 'pass' : 'fail', detail }, errors };
}

function named(word: string, entries: readonly PolicyEntry[]): { entry: PolicyEntry; options: OptionValues } {
  try {
    return parseNamed(word, entries);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`policy check ${show(word)}: ${error.message}`);
    throw error;
  }
}
