import { setImmediate } from 'node:timers/promises';
import { runInBeats } from '../sim/engine.ts';
import type { Scenario } from '../sim/scenario.ts';
import { withPlacement } from './explain/observe.ts';
import { OrderedTrace, type TraceOrder } from './trace-order.ts';
import type { Traced } from './user-policy/guarded-runner.ts';

/**
 * Runs a scenario in this thread and writes its trace. The thread can hear a signal at each beat of the run.
 * @param stop has the run left where it is: the answer is null, and nothing is written any more
 */
export async function tracedHere(scenario: Scenario, order: TraceOrder, stop: AbortSignal): Promise<Traced | null> {
  const trace = new OrderedTrace(order);
  const beats = runInBeats(withPlacement(scenario), undefined, null, trace.tracer);
  while (!stop.aborted) {
    const { done, value } = beats.next();
    if (done) return { recording: value, traced: trace.written() };
    await setImmediate();
  }
  return null;
}
