import { InputError, show } from '../../experiments/input-error.ts';
import { parseNamed } from '../../experiments/named-options.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import { policySource } from '../../experiments/user-policy/user-policy.ts';
import { type Command, DONE, JSON_FLAG } from '../command.ts';
import { entriesText, optionsJson } from '../entries-text.ts';
import { withUserPolicies } from '../user-policies.ts';

export const policyShow: Command = {
  name: 'policy show',
  summary: 'one policy: what it does, what its rules are taken from, its options',
  operands: ['NAME'],
  flags: [JSON_FLAG],
  examples: [
    ['numalab policy show apart', 'by name'],
    ['numalab policy show ./mine.ts', 'of your own'],
  ],
  run(call, lab, terminal) {
    const word = call.operands[0]!;
    return withUserPolicies(call, lab, terminal, { words: [word] }, async (user) => {
      const entry = entryNamed(word, user.lab.policies);
      const { name, summary, source, oracle, options } = entry;
      const told = { name, summary, source, oracle, policySource: policySource(entry), options: optionsJson(options) };
      const remark = oracle ? 'oracle: knows what no kernel could' : '';
      terminal.out(
        call.switches.has('json')
          ? `${JSON.stringify(told, null, 2)}\n`
          : `${entriesText([{ name, summary, remark, options }])}\nrules from: ${source || 'not said'}\n${told.policySource ? `sha256 of its bundle: ${told.policySource.sha256}\n` : ''}`,
      );
      return DONE;
    });
  },
};

function entryNamed(word: string, entries: readonly PolicyEntry[]): PolicyEntry {
  try {
    return parseNamed(word, entries).entry;
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`policy show ${show(word)}: ${error.message}`);
    throw error;
  }
}
