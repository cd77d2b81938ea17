import { describe, expect, test } from 'vitest';
import { InputError } from '../../experiments/input-error.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { machines } from '../../machines/index.ts';
import { opteron6164 } from '../../machines/opteron-6164-4s.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { measuredProgram, type MeasuredProgram } from '../../workloads/measured-program.ts';
import { workloads } from '../../workloads/index.ts';

/** The same machine with memory that is slower by more than double, and not evenly so. */
const slower: MachineSpec = {
  ...opteron6164,
  name: 'slower',
  latencyNs: {
    value: opteron6164.latencyNs.value.map((row, i) => row.map((ns, j) => ns * (i === j ? 2.3 : 2.1))),
    source: 'assumed: for tests',
  },
};
const registries = { machines: [...machines, slower], policies, workloads };

function scenarioOf(text: string, options: string, machine = opteron6164.name, remarks: string[] = []): Scenario {
  const file = {
    name: 's.yaml',
    text: `machine: ${machine}\npolicy: kvm-numactl\nhost-noise: 0\ncosts: {context-switch: 0, exit: 0, ipi: 0, hook: 0, helper: 0, cold-cache: false}\n`,
  };
  const source = { flags: { workload: `perf-stat:some/stat.txt${options}` }, file, read: () => ({ name: 'some/stat.txt', text }) };
  return readScenario({ ...source, remark: (line) => remarks.push(line) }, registries);
}

const statText = (counts: Record<string, number>, elapsed = '1.5'): string =>
  `${Object.entries(counts).map(([event, value]) => `  ${Math.round(value)}      ${event}`).join('\n')}\n\n   ${elapsed} seconds time elapsed\n`; // prettier-ignore
const PLAIN = { instructions: 8e9, cycles: 12e9, 'LLC-loads': 90e6, 'LLC-load-misses': 30e6 };

const program: MeasuredProgram = {
  cyclesPerInstruction: 0.87,
  accessesPerInstruction: 0.0213,
  missRatio: 0.37,
  writeShare: 0.19,
  linesInFlight: 2,
  threads: 4,
  instructions: 2.6e9,
  regionBytes: 64 * 1024 ** 2,
  tracedNs: null,
};

/** The program simulated as it is, on a machine. */
function direct(machine: string, instructions = program.instructions): Recording {
  const scenario = scenarioOf(statText(PLAIN), ',threads=4', machine);
  const workload = measuredProgram('direct', { ...program, instructions });
  return run({ ...scenario, guests: [{ ...scenario.guests[0]!, workload }] });
}

/** What counters would have said of it, from the recording alone but for the accesses that hit. */
function countersOf(machine: string, clockGHz: number): Record<string, number> {
  const recording = direct(machine);
  const filling = direct(machine, 4); // of the regions: not part of what is measured
  const linesOf = ({ linesByPair }: Recording): number => linesByPair.reduce((sum, lines) => sum + lines, 0);
  const { compute, memoryLocal, distance, queueController, queueLink, queuePair, cacheShared } = recording.guests[0]!.causes;
  const misses = linesOf(recording) - linesOf(filling);
  return {
    instructions: program.instructions,
    cycles: (compute + memoryLocal + distance + queueController + queueLink + queuePair + cacheShared) * clockGHz,
    'LLC-loads': program.instructions * program.accessesPerInstruction * (1 - program.writeShare),
    'LLC-stores': program.instructions * program.accessesPerInstruction * program.writeShare,
    'LLC-load-misses': misses * (1 - program.writeShare),
    'LLC-store-misses': misses * program.writeShare,
  };
}

describe("perf stat's counts as a workload", () => {
  const counters = countersOf(opteron6164.name, opteron6164.clockGHz.value);

  test('measured in a simulation and read again, a program takes the same time', () => {
    const again = run(scenarioOf(statText(counters), ',threads=4,nodes=1,lines=2,working-set=64MiB'));
    expect(again.status).toBe('ok');
    expect(again.guests[0]!.figures.programNs! / direct(opteron6164.name).guests[0]!.figures.programNs!).toBeCloseTo(1, 2);
  });

  test('says where cycles and CPU time tell another clock than the machine has, and where they do not', () => {
    const clockRemarks = (taskClockMs: number, options = ''): string[] => {
      const remarks: string[] = [];
      scenarioOf(`${statText(PLAIN)}   ${taskClockMs}.00 msec task-clock\n`, options, opteron6164.name, remarks);
      return remarks.filter((remark) => remark.includes('task-clock'));
    };
    expect(opteron6164.clockGHz.value).toBe(1.7); // 12e9 cycles in 7059 ms; 5 % more in 6723, 5 % less in 7430
    expect([7059, 6730, 7425].map((ms) => clockRemarks(ms))).toEqual([[], [], []]);
    const said = (clock: string): string[] => [`cycles / task-clock = ${clock} GHz where it was measured, but opteron-6164-4s has 1.7 GHz: on=MACHINE says where, cpi= does without`]; // prettier-ignore
    expect([6715, 7440, 4800].map((ms) => clockRemarks(ms))).toEqual([said('1.787'), said('1.613'), said('2.5')]);
    expect([clockRemarks(4300, ',on=xeon-e5-2680v2-2s'), clockRemarks(4800, ',cpi=0.9')]).toEqual([[], []]);
  });

  test('on slower memory it takes as long as the program itself would', () => {
    const predicted = run(scenarioOf(statText(counters), `,threads=4,nodes=1,lines=2,on=${opteron6164.name}`, 'slower')).guests[0]!.figures
      .programNs!;
    const itself = direct('slower').guests[0]!.figures.programNs!;
    expect(itself / direct(opteron6164.name).guests[0]!.figures.programNs!).toBeGreaterThan(1.2); // so that it matters
    expect(predicted / itself).toBeCloseTo(1, 2);
  });

  test('has as many threads as it kept busy, and says what it assumes', () => {
    const remarks: string[] = [];
    const text = `  4,470.00 msec task-clock\n${statText({ ...PLAIN, 'node-loads': 30e6, 'node-load-misses': 6e6 })}`;
    const [guest] = scenarioOf(text, ',lines=4', opteron6164.name, remarks).guests;
    expect([guest!.name, guest!.kind, guest!.vcpus, guest!.memoryBytes]).toEqual(['program', 'bare', 3, 288 * 1024 ** 2]);
    expect(remarks[0]).toMatch(/^3 threads of \S+ cycles an instruction without misses \(on opteron-6164-4s\), 0\.01125 accesses of the last-level cache an instruction, 33\.33 % of them missed, 0\.00 % of these written$/); // prettier-ignore
    expect(remarks[1]).toMatch(
      /^memory on 3 nodes where it was measured, assumed; lines in flight: 4; working set of a thread: 64MiB, assumed; /,
    );
    expect(remarks[2]).toMatch(/^20\.0 % of its loads from memory were remote/);
  });

  test('of whole CPUs the CPU time is not that of a program: one thread, and no clock follows from it', () => {
    const remarks: string[] = [];
    const text = ` Performance counter stats for 'system wide':\n\n  48,000.00 msec cpu-clock\n${statText(PLAIN)}`;
    const [guest] = scenarioOf(text, ',lines=4', opteron6164.name, remarks).guests;
    expect([guest!.vcpus, remarks.filter((remark) => /all that ran|task-clock/.test(remark))]).toEqual([1, ['counts of all that ran on the CPUs (-a, -C), idle time and other programs too']]);
  }); // prettier-ignore

  test('counts have the names of perf, Arm, Intel or AMD, in capitals or not', () => {
    const remarksOf = (counts: Record<string, number>): string[] => {
      const remarks: string[] = [];
      scenarioOf(statText(counts), ',threads=1,lines=4', opteron6164.name, remarks);
      return remarks;
    };
    const shared = { 'node-loads': 30e6, 'node-load-misses': 6e6 };
    const own = remarksOf({ ...PLAIN, ...shared });
    expect(remarksOf({ inst_retired: 8e9, cpu_cycles: 12e9, ll_cache_rd: 90e6, ll_cache_miss_rd: 30e6, ...shared })).toEqual(own);
    const dram = { 'MEM_LOAD_L3_MISS_RETIRED.LOCAL_DRAM': 24e6, 'MEM_LOAD_L3_MISS_RETIRED.REMOTE_DRAM': 6e6 };
    expect(remarksOf({ 'INST_RETIRED.ANY': 8e9, 'CPU_CLK_UNHALTED.THREAD': 12e9, 'LLC-loads': 90e6, 'LLC-load-misses': 30e6, ...dram })).toEqual(own);
    const far = { 'ls_dmnd_fills_from_sys.dram_io_near': 4, 'ls_dmnd_fills_from_sys.dram_io_far': 1 };
    const amd = remarksOf({ ex_ret_instr: 8e9, ls_not_halted_cyc: 12e9, 'cache-references': 90e6, 'cache-misses': 30e6, ...far });
    expect([amd[0], amd[1], amd[3]]).toEqual(own);
    expect(amd[2]).toMatch(/^cache-references and cache-misses taken for those of the last-level cache, as on Intel: on AMD/);
  }); // prettier-ignore

  test('cpi may be given; then nothing is taken off', () => {
    const recording = run(scenarioOf(statText({ ...PLAIN, 'LLC-load-misses': 0 }), ',cpi=0.7,instructions=1000000000'));
    const { clockGHz, hitCycles } = opteron6164; // an access that hits costs what it does there
    expect(recording.guests[0]!.figures).toEqual({
      programNs: Math.ceil((0.7e9 + 11.25e6 * hitCycles.value.llc) / clockGHz.value),
      tracedNs: 1_500_000_000,
    });
  });

  test.each([
    [{ cycles: 5 }, '', 'instructions: not counted, want perf stat -e instructions,cycles,LLC-loads,LLC-load-misses'],
    [{ ...PLAIN, 'LLC-load-misses': 91e6 }, '', '91000000 misses of 90000000 accesses to the last-level cache, want no more than accesses'],
    [{ ...PLAIN, 'node-loads': 5, 'node-load-misses': 6 }, '', 'node-load-misses = 6 of node-loads = 5, want no more'],
    [{ ...PLAIN, 'LLC-loads': 131e6, 'LLC-load-misses': 130e6 }, '', /^accesses of the last-level cache and misses alone take 1\.\d+ of 1\.500 cycles an instruction on opteron-6164-4s with lines=1, want more lines/],
    [PLAIN, ',on=opteron-6164-4x', /^on = "opteron-6164-4x", want the machine it was measured on: .*; did you mean opteron-6164-4s\?$/],
    [PLAIN, ',lines=0', /^lines = "0", want a whole number from 1 to 64$/],
  ])('is refused: %j%s', (counts, options, message) => {
    let told = '';
    try {
      scenarioOf(statText(counts as Record<string, number>), options);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      told = error.message.replace('some/stat.txt: ', '');
    }
    expect(told).toMatch(message);
  }); // prettier-ignore
});
