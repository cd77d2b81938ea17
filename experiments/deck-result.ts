import type { ChartResult } from './chart.ts';
import type { Finding } from './findings.ts';
import type { Answer } from './questions/question.ts';

/** One JSON for all charts of a call: points with their words, so that each can be run again alone. */
export function deckResult(version: string, results: readonly ChartResult[], findings: readonly Finding[], answered?: Answer): object {
  return {
    schemaVersion: 1,
    version,
    ...(answered && { question: answered.name, deck: answered.deck, answer: answered.answer, answerTable: answered.table ?? null }),
    charts: results.map(({ chart, size, seeds, points }) => ({
      name: chart.name,
      title: chart.title,
      question: chart.question,
      xLabel: chart.xLabel,
      unit: chart.unit,
      isHigherBetter: chart.isHigherBetter,
      size,
      seeds,
      points: points.map((point) => ({ ...point, mean: finite(point.mean) })),
    })),
    findings: findings.map((finding) => ({ ...finding, gain: finite(finding.gain) })),
  };
}

/** One seed has no interval: JSON has no infinity, so its ends are null. */
function finite<Value extends { low: number; high: number }>(interval: Value): object {
  const end = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return { ...interval, low: end(interval.low), high: end(interval.high) };
}
