import { existsSync, writeFileSync } from 'node:fs';
import { InputError, show } from '../../experiments/input-error.ts';
import { policyTemplate } from '../../experiments/user-policy/template.ts';
import { type Command, DONE } from '../command.ts';

const NAME = /^[a-z][a-z0-9-]{0,39}$/;

export const policyNew: Command = {
  name: 'policy new',
  summary: 'write NAME.ts, a small policy of your own to start from',
  operands: ['NAME'],
  flags: [],
  examples: [['numalab policy new mine', 'writes mine.ts here; then run it with --policy ./mine.ts']],
  run(call, lab, terminal) {
    const name = call.operands[0]!;
    if (!NAME.test(name))
      throw new InputError(`policy new ${show(name)}: want a name of at most 40 of a-z, 0-9 and hyphen, a letter first`);
    if (lab.policies.some((policy) => policy.name === name))
      throw new InputError(`policy new ${name}: want a name that no policy of policy list has`);
    const file = `${name}.ts`;
    if (existsSync(file)) throw new InputError(`${file}: is there already, want another name`);
    try {
      writeFileSync(file, policyTemplate(name), { flag: 'wx' });
    } catch (error) {
      throw new InputError(`${file}: cannot be written (${show((error as NodeJS.ErrnoException).code ?? error)})`);
    }
    terminal.out(
      `${file} written: one queue for all CPUs, in the words of sched_ext.\n` +
        `numalab policy check ./${file}\n` +
        `numalab compare --policy kvm-unpinned --policy ./${file} --workload kernbench --guests 7 --vcpus 2\n`,
    );
    return DONE;
  },
};
