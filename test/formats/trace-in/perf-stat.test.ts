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

  test.each([
    ['', 'line 1, column 1: no counts, want what perf stat prints'],
    [table('   12,34      cycles'), 'line 4, column 4: cycles = "12,34", want a count below 2^53'],
    [table('   99,007,199,254,740,993      cycles'), 'line 4, column 4: cycles = "99,007,199,254,740,993", want a count below 2^53'],
    [table('  7 cycles', '  8 cycles:u'), 'line 5, column 1: cycles again, want each event once: without -I, -A and --per-..., on CPUs of one kind'],
    [table('CPU0   7 cycles'), 'line 4, column 1: "CPU0   7 cycles", want COUNT [UNIT] EVENT as perf stat prints it'],
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
