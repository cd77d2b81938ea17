import { describe, expect, test } from 'vitest';
import { countOf, readPerfStat } from '../../../formats/trace-in/perf-stat.ts';

const table = (...lines: readonly string[]): string => `\n Performance counter stats for './app 3':\n\n${lines.join('\n')}\n\n`;
const valuesOf = (text: string): Record<string, number | null> =>
  Object.fromEntries(readPerfStat(text).counts.map(({ event, value }) => [event, value]));

function refusal(text: string): string {
  try {
    readPerfStat(text);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('perf stat', () => {
  test('counts, in English', () => {
    const stat = readPerfStat(
      table(
        '          1,234.56 msec task-clock:u                     #    2.345 CPUs utilized            ( +-  0.12% )',
        '     7,654,321,098      cycles:u                         #    6.200 GHz                      ( +-  0.30% )  (66.70%)',
        '   <not supported>      LLC-loads                                                     ',
        '     <not counted>      cpu/LLC-load-misses/uk                                        (0.00%)',
        '                17      context-switches                 #    2.004 K/sec                  ',
        '#                   25.1 %  tma_retiring',
        '',
        '      0.526001255 +- 0.000240000 seconds time elapsed  ( +-  4.71% )',
        '      1.220000000 seconds user',
        '      0.030000000 seconds sys',
      ),
    );
    expect(stat).toEqual({
      counts: [
        { event: 'task-clock', value: 1_234_560_000, unit: 'msec', runningShare: 1 },
        { event: 'cycles', value: 7_654_321_098, unit: '', runningShare: 0.667 },
        { event: 'LLC-loads', value: null, unit: '', runningShare: 0 },
        { event: 'LLC-load-misses', value: null, unit: '', runningShare: 0 },
        { event: 'context-switches', value: 17, unit: '', runningShare: 1 },
      ],
      elapsedNs: 526_001_255,
      userNs: 1_220_000_000,
      sysNs: 30_000_000,
      isOfCpus: false,
      remarks: ['cycles: counted 66.70 % of the time, scaled up'],
    });
    expect([countOf(stat, 'LLC-loads', 'cycles'), countOf(stat, 'LLC-loads')]).toEqual([7_654_321_098, null]);
  });

  test.each([
    ['German', '1.234,56 msec', '7.654.321.098', '0,526001255'],
    ['French', '1\u202f234,56 msec', '7\u202f654\u202f321\u202f098', '0,526001255'],
    ['French of old', '1 234,56 msec', '7 654 321 098', '0,526001255'],
    ['Swiss', "1’234.56 msec", "7'654'321'098", '0.526001255'],
    ['Indian', '1,234.56 msec', '7,65,43,21,098', '0.526001255'],
    ['C', '1234.56 msec', '7654321098', '0.526001255'],
  ])('counts, in %s', (_, clock, cycles, elapsed) => {
    const stat = readPerfStat(table(`   ${clock} task-clock  #  2,3 CPUs utilized`, `   ${cycles}      cycles`, `   ${elapsed} seconds time elapsed`));
    expect([countOf(stat, 'task-clock'), countOf(stat, 'cycles'), stat.elapsedNs]).toEqual([1_234_560_000, 7_654_321_098, 526_001_255]);
  }); // prettier-ignore

  test.each([',', ';', '\t'])('counts, with %j between them', (mark) => {
    const lines = [
      ['0.34', 'msec', 'task-clock', '338466', '100.00', '0.606', 'CPUs utilized'],
      ['<not supported>', '', 'cycles', '0', '100.00', '', ''],
      ['901', '', 'instructions:u', '1.50%', '338466', '25.00', '', ''],
      ['77', '', `cpu/event=0x3c${mark}umask=0x1/`, '338466', '50.00', '', ''],
    ];
    expect(valuesOf(lines.map((cells) => cells.join(mark)).join('\n'))).toEqual({ 'task-clock': 340_000, cycles: null, instructions: 901, [`cpu/event=0x3c${mark}umask=0x1/`]: 77 }); // prettier-ignore
    expect(readPerfStat(lines.map((cells) => cells.join(mark)).join('\n')).counts.map(({ runningShare }) => runningShare)).toEqual([1, 0, 0.25, 0.5]); // prettier-ignore
  });

  test('counts, an object a line', () => {
    const text =
      '{"counter-value" : "0.410714", "unit" : "msec", "event" : "task-clock", "event-runtime" : 410714, "pcnt-running" : 100.00, "metric-value" : 0.56, "metric-unit" : "CPUs utilized"}\n' +
      '{"counter-value" : "<not supported>", "unit" : "", "event" : "cycles", "event-runtime" : 0, "pcnt-running" : 100.00}\n' +
      '{"counter-value" : "12345.000000", "unit" : "", "event" : "instructions", "pcnt-running" : 40.00, "__proto__": {"x": 1}}\n';
    expect(valuesOf(text)).toEqual({ 'task-clock': 410_714, cycles: null, instructions: 12_345 });
    expect(readPerfStat(text).remarks).toEqual(['instructions: counted 40.00 % of the time, scaled up']);
  });

  test('with the decimal comma of a locale, in CSV and JSON too, and a comma at the end of an object', () => {
    const stat = readPerfStat('8012,41;msec;task-clock;8012410000;66,66;3,991;CPUs utilized\n77;;cycles;5;100,00;;\n');
    expect(stat.counts.map(({ value, runningShare }) => [value, runningShare])).toEqual([[8_012_410_000, 0.6666], [77, 1]]); // prettier-ignore
    expect(valuesOf('8012,41,msec,task-clock,8012410000\n77,,cycles,5,100\n')).toEqual({ 'task-clock': 8_012_410_000, cycles: 77 });
    expect(valuesOf('{"counter-value" : "12,500000", "unit" : "msec", "event" : "task-clock", "pcnt-running" : 100.00, }')).toEqual({ 'task-clock': 12_500_000 }); // prettier-ignore
  });

  test.each([["'system wide'", true], ["'CPU(s) 0-3,7'", true], ["'./system wide'", false]] as const)('of %s counts all that ran on CPUs: %s', (what, isOfCpus) => {
    const stat = readPerfStat(` Performance counter stats for ${what}:\n\n  7 cycles\n`);
    expect([stat.isOfCpus, stat.remarks.length]).toEqual([isOfCpus, isOfCpus ? 1 : 0]);
  }); // prettier-ignore

  test('of old versions', () => {
    const counts = ['  1234.56 task-clock (msec)  #  0.9 CPUs utilized', '  77.5 cpu-clock-msecs', '  9 cycles  #  2.9 GHz'];
    expect(readPerfStat(table(...counts)).counts).toEqual([
      { event: 'task-clock', value: 1_234_560_000, unit: 'msec', runningShare: 1 },
      { event: 'cpu-clock', value: 77_500_000, unit: 'msec', runningShare: 1 },
      { event: 'cycles', value: 9, unit: '', runningShare: 1 },
    ]);
  });

  test('metrics in lines of their own are passed over, in all three forms', () => {
    const metrics = [
      '     TopdownL1 (cpu_core)     #     66.1 %  tma_backend_bound',
      '          (software)       #    824.4 cs/sec  cs_per_second',
    ];
    expect(valuesOf(table('  7 cycles', ...metrics))).toEqual({ cycles: 7 });
    expect(valuesOf('7,,cycles,5,100.00,,\n,,,,,0.23,stalled cycles per insn\n')).toEqual({ cycles: 7 });
    expect(valuesOf('7\t\tcycles\t5\t100.00\t\t\n\t\t\t\t\t0.23\tstalled cycles per insn\n')).toEqual({ cycles: 7 });
    expect(valuesOf('{"counter-value" : "7", "event" : "cycles"}\n{"metric-value" : "0.23", "metric-unit" : "stalled"}\n')).toEqual({ cycles: 7 }); // prettier-ignore
  });

  test.each(['  l0O7 instructions   #  0.3 insn per cycle', '  task-clock (msec) x  #  1 CPUs', '  9.5.x cycles # 2 GHz'])(
    'a count that is damaged is none of these: %s',
    (line) => {
      expect(() => readPerfStat(table('  7 cycles', line))).toThrow('line 5, column 1');
    },
  );

  test('of CPUs of two kinds those that counted, under the one name', () => {
    expect(
      valuesOf(table('  <not counted> cpu_atom/cycles/   (0.00%)', '  9 cpu_core/cycles/', '  4 cpu_core/instructions/u', '  <not counted> cpu_atom/instructions/u')),
    ).toEqual({ cycles: 9, instructions: 4 }); // prettier-ignore
    expect(valuesOf(table('  9 armv8_pmuv3_0/cycles/', ' 4 apple_firestorm_pmu/instructions/', ' 3 uncore_imc/cas_count_read/'))).toEqual({ cycles: 9, instructions: 4, 'uncore_imc/cas_count_read/': 3 }); // prettier-ignore
  });

  test('what the program printed before is told, and what perf says behind is not', () => {
    const behind = "Some events weren't counted. Try disabling the NMI watchdog:\n\techo 0 > /proc/sys/kernel/nmi_watchdog\n";
    const { counts, remarks, elapsedNs } = readPerfStat(
      `$ perf stat -r 2 --table ./app 3\nround 1: 17 cycles\n${table('  7 cycles', '', '   # Table of individual measurements:', '   2.4000000 (-0.1000000) ##', '  2.5  seconds time elapsed')}${behind}The events in group usually have to be from the same PMU.\n`,
    );
    expect([counts.length, elapsedNs, remarks]).toEqual([1, 2_500_000_000, ["2 lines before the counts are not perf stat's: passed over"]]);
  });

  test.each([
    ['', 'line 1, column 1: no counts, want what perf stat prints'],
    [table('   12,34      cycles'), 'line 4, column 4: cycles = "12,34", want a count below 2^53'],
    [table('   99,007,199,254,740,993      cycles'), 'line 4, column 4: cycles = "99,007,199,254,740,993", want a count below 2^53'],
    [table('  7 cycles', '  8 cycles:u'), 'line 5, column 1: cycles again, want each event once: without -I, -A and --per-..., on CPUs of one kind (perf stat taskset -c CPUS ...)'],
    [table('CPU0   7 cycles'), 'line 4, column 1: a part of the counts, want perf stat without -I, -A and --per-...'],
    [table('S1-D2   6   7 cycles  #  1.2 GHz'), 'line 4, column 1: a part of the counts, want perf stat without -I, -A and --per-...'],
    ['#  time  counts unit events\n  1.000104262   7 cycles\n', 'line 2, column 1: a part of the counts, want perf stat without -I, -A and --per-...'],
    ['1,000104262;7;;cycles;5;100.00', 'line 1, column 1: a part of the counts, want perf stat without -I, -A and --per-...'],
    ['S0,8,7,,cycles,5,100.00', 'line 1, column 1: a part of the counts, want perf stat without -I, -A and --per-...'],
    ['{"socket": "S0", "aggregate-number": 8, "counter-value": "7", "event": "x"}', 'line 1, column 1: a part of the counts, want perf stat without -I, -A and --per-...'],
    [table('  7  0x8 cycles'), 'line 4, column 1: "0x8", want a unit of letters'],
    [table('  7 cycles') + table('  9 instructions'), 'line 7, column 1: "Performance counter stats for \'./app 3\':": another run\'s, want the output of one'],
    [table(' 7 cycles', ' 1.0 seconds user', ' 2.0 seconds user'), "line 6, column 1: user again, want one run's output"],
    ['{"counter-value": "7"', 'line 1, column 1: "{\\"counter-value\\": \\"7\\"", want an object as perf stat -j prints it'],
    [`7,,a/${','.repeat(8000)}\n`.repeat(100), 'line 1, column 1: an event of 129 characters, want at most 128'],
    ['{"event": "x"}', 'line 1, column 1: want counter-value and event, as perf stat -j prints them'],
    ['{"interval": 1.0, "counter-value": "7", "event": "x"}', 'line 1, column 1: a part of the counts, want perf stat without -I, -A and --per-...'],
    ['1.000,7,,cycles,5,100.00', 'line 1, column 1: "1.000,7,,cycles,5,100.00", want COUNT [UNIT] EVENT as perf stat prints it'],
  ])('is refused with place and reason: %j', (text, message) => {
    expect(refusal(text)).toBe(message);
  }); // prettier-ignore
});
