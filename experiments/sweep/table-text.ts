import { CAUSES } from '../../sim/recording.ts';
import { columnsOf } from './columns.ts';
import type { Manifest } from './manifest.ts';
import { BOOT, MEASURES, RUN_METRICS } from './metrics.ts';

const TYPE_NAMES = { text: 'text', integer: '32-bit integer', number: 'double' };

/** The columns of a sweep's tables in Markdown. */
export function columnTable(manifest: Manifest): string {
  const rows = columnsOf(manifest).map(({ name, type, meaning }) => [`\`${name}\``, TYPE_NAMES[type], meaning]);
  return markdown(
    ['column', 'type', 'meaning'],
    [
      ...rows,
      ['`metric`', 'text', 'what is told, its unit last in its name'],
      ['`unit`', 'text', 'the same unit by itself'],
      ['`value`', 'double', 'the figure'],
    ],
  );
}

/** What the column `metric` may say, in Markdown. */
export function metricTable(): string {
  const isCause = (name: string): boolean => /^cause[A-Z]/.test(name);
  const row =
    (of: string) =>
    ({ name, unit, meaning }: (typeof MEASURES)[number] | (typeof RUN_METRICS)[number] | typeof BOOT): string[] => [
      `\`${name}\``,
      unit,
      of,
      meaning,
    ];
  return markdown(
    ['metric', 'unit', 'of', 'meaning'],
    [
      [
        '`throughput`',
        'as the workload counts, such as `GB/s`',
        'both',
        'work done a second; none in total where guests count unlike things',
      ],
      ...MEASURES.filter(({ name }) => !isCause(name)).map(row('both')),
      ['`cause...Ns`', 'ns', 'both', `of lifetimeNs, what went to each cause of time: ${CAUSES.join(', ')}`],
      row('guest')(BOOT),
      ["the workload's own", '`ns`, `share`, `ratio` or `count`', 'guest', 'figures such as `meanResponseNs`, where the workload has any'],
      ...RUN_METRICS.map(row('run')),
    ],
  );
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
