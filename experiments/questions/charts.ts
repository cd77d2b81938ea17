import type { GuestRecord } from '../../sim/recording.ts';
import type { Chart } from '../chart.ts';

/** What charts of questions have in common: figures by policy, more is better, over plain numbers. */
type Kind = Pick<Chart, 'yLabel' | 'unit' | 'isHigherBetter' | 'xIsBytes' | 'isLog' | 'value'>;

const throughput = (guest: GuestRecord): number => guest.throughput.value;

/** Work done a second, in the unit of the workload. */
export function work(unit: string): Kind {
  return { yLabel: `${unit} a guest`, unit, isHigherBetter: true, xIsBytes: false, isLog: false, value: throughput };
}
