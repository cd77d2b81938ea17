import { describeMachine, machineJson } from '../../report/machine.ts';
import { table } from '../../report/table.ts';
import { buildMachine } from '../../sim/machine.ts';
import { type Command, DONE, JSON_FLAG } from '../command.ts';
import { machineOfWord } from '../machine-word.ts';

export const machineList: Command = {
  name: 'machine list',
  summary: 'the machines',
  flags: [JSON_FLAG],
  examples: [['numalab machine list', 'what can be simulated']],
  run(call, lab, terminal) {
    const machines = lab.machines.map((spec) => ({
      name: spec.name,
      sockets: spec.sockets,
      nodes: spec.nodeCpus.length,
      cpus: spec.nodeCpus.reduce((sum, cpus) => sum + cpus, 0),
      memoryGiB: spec.memoryGiB.value.reduce((sum, GiB) => sum + GiB, 0),
      summary: spec.summary,
    }));
    const text = (): string =>
      table(['machine', 'sockets', 'nodes', 'CPUs', 'GiB', 'what it is'], machines.map(Object.values) as string[][]);
    terminal.out(call.switches.has('json') ? `${JSON.stringify(machines, null, 2)}\n` : `${text()}\n`);
    return DONE;
  },
};

export const machineShow: Command = {
  name: 'machine show',
  summary: 'a machine as numactl tells it, its links drawn, and every figure with its source',
  operands: ['name'],
  flags: [JSON_FLAG],
  examples: [
    ['numalab machine show opteron-6164-4s', "the deck's machine"],
    ['numalab machine show ./host.yaml', 'a machine file (numalab machine import)'],
  ],
  run(call, lab, terminal) {
    const [name = ''] = call.operands;
    const machine = buildMachine(machineOfWord(name, lab, 'machine show'));
    terminal.out(call.switches.has('json') ? `${JSON.stringify(machineJson(machine), null, 2)}\n` : describeMachine(machine));
    return DONE;
  },
};
