import { run } from '../sim/engine.ts';
import type { Scenario } from '../sim/scenario.ts';
import { withPlacement } from './explain/observe.ts';
import { OrderedTrace, type TraceOrder } from './trace-order.ts';
import type { Traced } from './user-policy/guarded-runner.ts';

/** Runs a scenario in this thread and writes its trace. */
export function tracedHere(scenario: Scenario, order: TraceOrder): Traced {
  const trace = new OrderedTrace(order);
  const recording = run(withPlacement(scenario), undefined, null, trace.tracer);
  return { recording, traced: trace.written() };
}
