import type { ChartResult } from './chart.ts';
import type { Finding } from './findings.ts';
import type { PageMachine } from './page/schemas.ts';
import type { Answer } from './questions/question.ts';
import type { RunResult } from './run-result.ts';

/** What a page needs beside the charts. */
export interface DeckContext {
  readonly command: string;
  /** What `codeOf` says. */
  readonly code: string;
  /** The machines of the charts, their figures with sources among them. */
  readonly machines: readonly PageMachine[];
  /** Runs to look into. */
  readonly examples: readonly RunResult[];
}

/** One JSON for all charts of a call: points with their words, so that each can be run again alone. */
export function deckResult(
  version: string,
  results: readonly ChartResult[],
  findings: readonly Finding[],
  { command, code, machines, examples }: DeckContext,
  answered?: Answer,
): object {
  return {
    schemaVersion: 1,
    version,
    code,
    command,
    ...(answered && { question: answered.name, deck: answered.deck, answer: answered.answer, answerTable: answered.table ?? null }),
    charts: results.map(({ chart, size, seeds, points }) => ({
      name: chart.name,
      title: chart.title,
      question: chart.question,
      xLabel: chart.xLabel,
      yLabel: chart.yLabel,
      unit: chart.unit,
      isHigherBetter: chart.isHigherBetter,
      isLog: chart.isLog,
      xIsBytes: chart.xIsBytes,
      size,
      seeds,
      points: points.map((point) => ({ ...point, mean: finite(point.mean) })),
    })),
    findings: findings.map((finding) => ({ ...finding, gain: finite(finding.gain) })),
    machines,
    examples,
  };
}

/** One seed has no interval: JSON has no infinity, so its ends are null. */
function finite<Value extends { low: number; high: number }>(interval: Value): object {
  const end = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return { ...interval, low: end(interval.low), high: end(interval.high) };
}
